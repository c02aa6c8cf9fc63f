from ctreview.cohort.memory import MemoryBudget, available_mib, peak_mib


def test_a_case_is_let_in_beside_another_only_where_both_fit():
    budget = MemoryBudget(4000)
    budget.begin("a", 50.0)
    assert not budget.admits(150.0)
    budget.end("a", 50.0, 1500.0)
    budget.begin("b", 50.0)
    assert budget.admits(50.0)
    budget.begin("c", 50.0)
    assert not budget.admits(50.0)


def test_the_first_is_always_let_in():
    assert MemoryBudget(10).admits(1000.0)


def test_what_was_measured_counts_for_cases_of_that_size_and_below():
    budget = MemoryBudget(None)
    guess = budget.expected_mib(100.0)
    budget.end("a", 50.0, 900.0)
    assert budget.expected_mib(40.0) == 900.0
    assert budget.expected_mib(100.0) == guess


def test_this_machine_says_how_much_there_is():
    free, taken = available_mib(), peak_mib()
    assert free is None or free > 100
    assert taken is None or 20 < taken < 100_000
