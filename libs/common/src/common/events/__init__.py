"""The contract: envelope, topics, vocabularies and every event type."""

from __future__ import annotations

from common.events import eligibility, notifications, registry
from common.events.envelope import AnyEventData

EVENT_TYPES: dict[str, type[AnyEventData]] = {
    data.type: data
    for data in (
        registry.VillageKnown,
        registry.VillageAttributesChanged,
        registry.VillageSplit,
        registry.VillageMerged,
        registry.PostsDecreed,
        registry.OfficialAppointed,
        registry.OfficialCoverageChanged,
        registry.OfficialLeft,
        registry.EnrollmentRecorded,
        registry.EnrollmentActivated,
        registry.EnrollmentEnded,
        registry.EnrollmentMovedOut,
        registry.EnrollmentMovedIn,
        registry.SosialisasiHeld,
        registry.WorkersCounted,
        registry.PotentialNoted,
        registry.AidGranted,
        registry.PerisaiAssigned,
        registry.PerisaiInactive,
        registry.LaunchHeld,
        eligibility.CertificationChanged,
        eligibility.SuspensionProposed,
        eligibility.SuspensionWithdrawn,
        eligibility.CeremonyPlanned,
        eligibility.CeremonyMoved,
        notifications.DeliverySettled,
        notifications.DeliverySettledV1,
    )
}
"""Every event type of this release by its name on the topic."""
