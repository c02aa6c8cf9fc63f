"""Whether what a header calls a contrast agent is one: radiographers also write that none was given."""

from __future__ import annotations

import re

__all__ = ["names_contrast"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WITHOUT = _words(
    """
    no non none not nil null neg negative n na n/a 0 nein nicht kein keine keines ohne nativ native natives nativo
    nativa natif wo w/o w-o without unenhanced noncontrast noncon nonce nonenhanced nect ncct plain false off c- km- iv-
    cm- -c -km -iv sans sin senza sem zonder geen
    uten uden utan ingen bez brak ne nu fara nélkül nincs ei ilman olmadan yok
    kontrastsız без нет безконтраста не χωρίς όχι بدون לא ללא
    无 無 平扫 平掃 なし 無し 単純 造影なし 없음 조영제없음 비조영
    """
)
"""Words of many languages for "without", each alone or before "contrast"."""

_GIVEN = _words(
    """
    yes ja oui si sí sim da mit with avec con com med z iv i.v i.v. kv c+ km+ iv+ cm+ ce cect applied given injected
    injecte injecté enhanced contrast contraste contrasto kontrast kontrastmittel contrastmedium kontrastmedel km ikm cm
    contrasts mezzo produit iode iodine iodé iodinated jod jodhaltig nonionic nonionico ionic true контраст
    造影 造影剂 造影剤 增强 增強
    """
)
"""Words that say that some agent was given, without its name."""

_AGENT = re.compile(
    r"^(io(hex|prom|pam|ver|mep|dix|bit|xag|xil|xit|trol|thal|mer)|omni|ultrav|visip|isov|iopam|optir|xenet|imeron|"
    r"accup|solutr|oxil|hexab|telebr|conray|renog|urogr|reli?ev|oxig|niop|scan(lux|log)|amipaq|iso ?vue|biligr|jopam|"
    r"gado|magnev|dotar|omnisc|proh|multih|primov|eovist|clarisc|cyclolux|ablav|vasov|elucir|pixxos|feraheme|resov|"
    r"オムニ|イオ|碘|йо|омни|ультрав|визип)"
)
"""How names of agents for CT and MR begin (iodinated and gadolinium-based)."""

_NOT_VENOUS = _words(
    "oral orally po p.o p.o. per os rectal enteral barium baryt bariumsulfat gastrografin gastrographin telebrixgastro "
    "gastrolux micropaque water wasser mannitol enema air gas"
)
_SPLIT = re.compile(r"[\s,;:()\[\]&_|=*\"']+")


def names_contrast(text: str) -> bool | None:
    """Whether a text names a contrast agent that was given into a vein.

    Returns
    -------
    bool or None
        True for the name of an agent, or words that say that one was given; False for words that say that none was;
        None where it cannot be told (dashes, numbers, an agent that was drunk, anything else).
    """
    words = [word.strip(".") or word for word in _SPLIT.split(text.casefold()) if word]
    joined = [part for word in words for part in _parts(word)]
    if not joined:
        return None
    agent = any(_AGENT.match(word) and word not in _NOT_VENOUS for word in joined)
    without = [word for word in words + joined if word in _WITHOUT]
    nonionic = "ionic" in text.casefold() or "ionisch" in text.casefold()
    if without and not (agent and words[0] not in _WITHOUT) and not (nonionic and set(without) <= {"non", "n", "no"}):
        return False
    if agent or nonionic:
        return True
    given = any(word in _GIVEN for word in words + joined)
    if any(word in _NOT_VENOUS for word in joined):
        return True if any(word in {"iv", "i.v", "iv+"} for word in words) else None
    return True if given else None


def _parts(word: str) -> list[str]:
    """A word, and what hyphens and slashes part it into: "non-contrast", "w/o", "km-frei"."""
    parts = [part for part in re.split(r"[-/+]", word) if part]
    return [word] if word in _WITHOUT or word in _GIVEN else parts
