"""The elements of a DICOM header that ctreview reads, by the keyword of the standard (PS3.6).

Everything else in a header is stepped over unread, which is what makes a scan of thousands of files quick, and
what keeps bulk and private data out of memory.
"""

from __future__ import annotations

__all__ = ["SEQUENCES", "VR_OF", "Tag"]


class Tag:
    """Group and element of each keyword as one number, ``0xGGGGEEEE``."""

    MediaStorageSOPClassUID = 0x00020002
    MediaStorageSOPInstanceUID = 0x00020003
    TransferSyntaxUID = 0x00020010
    SpecificCharacterSet = 0x00080005
    ImageType = 0x00080008
    SOPClassUID = 0x00080016
    SOPInstanceUID = 0x00080018
    StudyDate = 0x00080020
    SeriesDate = 0x00080021
    AcquisitionDate = 0x00080022
    ContentDate = 0x00080023
    AcquisitionDateTime = 0x0008002A
    StudyTime = 0x00080030
    SeriesTime = 0x00080031
    AcquisitionTime = 0x00080032
    ContentTime = 0x00080033
    Modality = 0x00080060
    ConversionType = 0x00080064
    Manufacturer = 0x00080070
    StationName = 0x00081010
    CodeMeaning = 0x00080104
    StudyDescription = 0x00081030
    SeriesDescription = 0x0008103E
    ManufacturerModelName = 0x00081090
    DerivationDescription = 0x00082111
    FrameType = 0x00089007
    ComplexImageComponent = 0x00089208
    VolumetricProperties = 0x00089206
    PatientName = 0x00100010
    PatientID = 0x00100020
    PatientBirthDate = 0x00100030
    PatientSex = 0x00100040
    PatientAge = 0x00101010
    PatientSize = 0x00101020
    PatientWeight = 0x00101030
    ContrastBolusAgent = 0x00180010
    ContrastBolusAgentSequence = 0x00180012
    BodyPartExamined = 0x00180015
    ScanningSequence = 0x00180020
    SequenceVariant = 0x00180021
    ScanOptions = 0x00180022
    SequenceName = 0x00180024
    SliceThickness = 0x00180050
    KVP = 0x00180060
    RepetitionTime = 0x00180080
    EchoTime = 0x00180081
    InversionTime = 0x00180082
    EchoNumbers = 0x00180086
    MagneticFieldStrength = 0x00180087
    SpacingBetweenSlices = 0x00180088
    EchoTrainLength = 0x00180091
    ContrastBolusVolume = 0x00181041
    TriggerTime = 0x00181060
    GantryDetectorTilt = 0x00181120
    ExposureTime = 0x00181150
    XRayTubeCurrent = 0x00181151
    Exposure = 0x00181152
    ImagerPixelSpacing = 0x00181164
    ReceiveCoilName = 0x00181250
    ConvolutionKernel = 0x00181210
    FlipAngle = 0x00181314
    PatientPosition = 0x00185100
    PulseSequenceName = 0x00189005
    EchoPulseSequence = 0x00189008
    InversionRecovery = 0x00189009
    SpectrallySelectedSuppression = 0x00189025
    InversionTimes = 0x00189079
    AcquisitionType = 0x00189302
    EffectiveEchoTime = 0x00189082
    DiffusionBValue = 0x00189087
    DiffusionGradientOrientation = 0x00189089
    NominalPercentageOfCardiacPhase = 0x00189241
    StudyInstanceUID = 0x0020000D
    SeriesInstanceUID = 0x0020000E
    SeriesNumber = 0x00200011
    AcquisitionNumber = 0x00200012
    InstanceNumber = 0x00200013
    ImagePositionPatient = 0x00200032
    ImageOrientationPatient = 0x00200037
    FrameOfReferenceUID = 0x00200052
    TemporalPositionIdentifier = 0x00200100
    ImagesInAcquisition = 0x00201002
    StackID = 0x00209056
    InStackPositionNumber = 0x00209057
    TemporalPositionIndex = 0x00209128
    FrameAcquisitionNumber = 0x00209156
    FrameContentSequence = 0x00209111
    PlanePositionSequence = 0x00209113
    PlaneOrientationSequence = 0x00209116
    SamplesPerPixel = 0x00280002
    PhotometricInterpretation = 0x00280004
    PlanarConfiguration = 0x00280006
    NumberOfFrames = 0x00280008
    Rows = 0x00280010
    Columns = 0x00280011
    PixelSpacing = 0x00280030
    BitsAllocated = 0x00280100
    BitsStored = 0x00280101
    HighBit = 0x00280102
    PixelRepresentation = 0x00280103
    PixelPaddingValue = 0x00280120
    PixelPaddingRangeLimit = 0x00280121
    RescaleIntercept = 0x00281052
    RescaleSlope = 0x00281053
    RescaleType = 0x00281054
    ModalityLUTSequence = 0x00283000
    LossyImageCompression = 0x00282110
    CTImageFrameTypeSequence = 0x00189329
    CTAcquisitionDetailsSequence = 0x00189304
    CTReconstructionSequence = 0x00189314
    CTXRayDetailsSequence = 0x00189325
    CTExposureSequence = 0x00189321
    CTGeometrySequence = 0x00189312
    ExposureInmAs = 0x00189332
    MRImageFrameTypeSequence = 0x00189226
    MRReceiveCoilSequence = 0x00189042
    MREchoSequence = 0x00189114
    MRTimingAndRelatedParametersSequence = 0x00189112
    MRModifierSequence = 0x00189115
    MRDiffusionSequence = 0x00189117
    DiffusionGradientDirectionSequence = 0x00189076
    CardiacSynchronizationSequence = 0x00189118
    NominalCardiacTriggerDelayTime = 0x00209153
    PixelMeasuresSequence = 0x00289110
    PixelValueTransformationSequence = 0x00289145
    UnassignedSharedConvertedAttributesSequence = 0x00209170
    UnassignedPerFrameConvertedAttributesSequence = 0x00209171
    PhilipsPrivateSequence = 0x2005140F
    PhilipsScaleIntercept = 0x2005100D
    PhilipsScaleSlope = 0x2005100E
    PhilipsCreator = 0x20050010
    SharedFunctionalGroupsSequence = 0x52009229
    PerFrameFunctionalGroupsSequence = 0x52009230
    PixelData = 0x7FE00010
    FloatPixelData = 0x7FE00008
    DoubleFloatPixelData = 0x7FE00009
    DirectoryRecordSequence = 0x00041220
    ReferencedFileID = 0x00041500
    DirectoryRecordType = 0x00041430


SEQUENCES = frozenset(
    number
    for name, number in vars(Tag).items()
    if isinstance(number, int) and name.endswith("Sequence") and name not in ("ScanningSequence", "EchoPulseSequence")
)

_VR = {
    "UI": "MediaStorageSOPClassUID MediaStorageSOPInstanceUID TransferSyntaxUID SOPClassUID SOPInstanceUID "
    "StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID",
    "DS": "PatientSize PatientWeight "
    "SliceThickness KVP RepetitionTime EchoTime InversionTime SpacingBetweenSlices ContrastBolusVolume "
    "MagneticFieldStrength FlipAngle TriggerTime GantryDetectorTilt ImagerPixelSpacing ImagePositionPatient "
    "ImageOrientationPatient PixelSpacing RescaleIntercept RescaleSlope",
    "IS": "EchoNumbers EchoTrainLength ExposureTime XRayTubeCurrent Exposure SeriesNumber AcquisitionNumber "
    "InstanceNumber TemporalPositionIdentifier ImagesInAcquisition NumberOfFrames",
    "US": "SamplesPerPixel PlanarConfiguration Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation "
    "FrameAcquisitionNumber PixelPaddingValue PixelPaddingRangeLimit",
    "UL": "InStackPositionNumber TemporalPositionIndex",
    "FD": "EffectiveEchoTime InversionTimes DiffusionBValue DiffusionGradientOrientation "
    "NominalPercentageOfCardiacPhase ExposureInmAs NominalCardiacTriggerDelayTime",
    "FL": "PhilipsScaleIntercept PhilipsScaleSlope",
    "OW": "PixelData FloatPixelData DoubleFloatPixelData",
}

VR_OF: dict[int, str] = {}
"""What each element holds (its value representation), which implicit files do not say; text where not listed."""

for _name, _number in vars(Tag).items():
    if isinstance(_number, int):
        VR_OF[_number] = "SQ" if _number in SEQUENCES else "LO"
for _vr, _names in _VR.items():
    for _name in _names.split():
        VR_OF[getattr(Tag, _name)] = _vr
