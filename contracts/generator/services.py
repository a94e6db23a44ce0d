"""The services as their readers see them: what each one sends and what it hears."""

from __future__ import annotations

from dataclasses import dataclass

from common.events import topics
from common.events.topics import TOPICS, Topic
from eligibility import consumers as eligibility
from notifications import application
from notifications import consumers as notifications

TOPIC_DESCRIPTIONS = {
    topics.REGISTRY_VILLAGES: "Villages, their place and names, and the posts they have.",
    topics.REGISTRY_ENROLLMENTS: "Enrollments in their villages and their effect on the counts.",
    topics.REGISTRY_OFFICIALS: "That a post is filled and its holder covered; never who.",
    topics.REGISTRY_OUTREACH: "What was done for the village's workers, and what they live from.",
    topics.REGISTRY_NOTICES: "What only matters to people, of a village, a regency or a province.",
    topics.REGISTRY_WATERMARKS: "Up to which moment all facts of the registry are on its topics.",
    topics.ELIGIBILITY_CERTIFICATIONS: "Every entry of the decision log, with its reasons.",
    topics.NOTIFICATIONS_DELIVERIES: "How each message to an office ended; never an address.",
}


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a service receives."""

    topic: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Described:
    """A service and what it receives; it sends the topics that begin with its name."""

    name: str
    description: str
    hears: tuple[Hearing, ...] = ()

    @property
    def sends(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in TOPICS if topic.name.startswith(f"{self.name}."))


SERVICES = (
    Described("registry", "Who is enrolled, which posts exist and are filled, what was done."),
    Described(
        "eligibility",
        "The certification status of each village, decided from the registry's facts.",
        (
            *(Hearing(topic, eligibility.GROUP) for topic in eligibility.INPUTS),
            Hearing(topics.REGISTRY_WATERMARKS, None),
            Hearing(topics.NOTIFICATIONS_DELIVERIES, eligibility.MESSAGES_GROUP),
        ),
    ),
    Described(
        "notifications",
        "Messages to the heads of regency and kecamatan about changes of status.",
        tuple(Hearing(topic, notifications.GROUP) for topic in application.INPUTS),
    ),
)
