"""The courier against all that changes what it brings and to whom."""

from __future__ import annotations

from collections.abc import Sequence

from common.security import Caller
from notifications.refusals import NotInState
from support.isolation import COMMIT, Play
from support.isolation_mail import SEND, TODAY, Post

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
OLD, NEW = "lama@sragi.example", "baru@sragi.example"


def comes_first(steps: Sequence[str], one: str, other: str) -> bool:
    return steps.index(one) < steps.index(other)


async def test_the_courier_against_a_new_holder(post: Post) -> None:
    """The message goes to the holder at the intent, never to one replaced before it."""

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        told = await play(
            courier=post.bring,
            directory=lambda stage: post.directory(stage).appoint(case.successor, by="petugas"),
        )
        replaced = comes_first(told.steps, f"directory: {COMMIT}", f"courier: {COMMIT}")
        delivery = await case.delivery()
        assert ([NEW if replaced else OLD], "sent") == (await case.addresses(), delivery["state"])
        assert [case.holder] * (not replaced) == [
            h for h in delivery["holders"] if h == case.holder
        ]

    seen = await post.tester.every(
        scenario,
        courier=("claim_due", "known_of_due", COMMIT, SEND),
        directory=("lock_offices", "add_holders", COMMIT),
    )

    assert seen.waits


async def test_the_courier_against_a_term_that_ends(post: Post) -> None:
    """The office falls vacant: its last holder is told at the intent, or nobody yet."""

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        assert case.holder is not None
        holder = case.holder
        told = await play(
            courier=post.bring,
            directory=lambda stage: post.directory(stage).end_term(case.camat, holder, TODAY),
        )
        vacant = comes_first(told.steps, f"directory: {COMMIT}", f"courier: {COMMIT}")
        delivery = await case.delivery()
        expected = ([], "waiting", "HOLDER") if vacant else ([OLD], "sent", None)
        assert expected == (await case.addresses(), delivery["state"], delivery["waits_for"])

    seen = await post.tester.every(
        scenario,
        courier=("claim_due", "known_of_due", COMMIT),
        directory=("end_terms", COMMIT),
    )

    assert seen.waits


async def test_a_vacant_office_is_filled_while_the_courier_looks(post: Post) -> None:
    """No order loses the message: the new holder is told once, if not now then after a sweep."""

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=None)
        await play(
            courier=post.bring,
            directory=lambda stage: post.directory(stage).appoint(case.successor, by="petugas"),
        )
        await post.bring_all()
        assert ([NEW], "sent") == (await case.addresses(), (await case.delivery())["state"])

    seen = await post.tester.every(
        scenario,
        courier=("claim_due", "note_lacks", COMMIT),
        directory=("lock_offices", "wake_offices", COMMIT),
    )

    assert seen.waits


async def test_the_courier_against_a_decision_that_supersedes(post: Post) -> None:
    """What is not true any more when the courier looks is suppressed, never half of both."""
    fates: set[bool] = set()

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        superseding = case.superseding()
        told = await play(courier=post.bring, hear=lambda stage: post.hear(stage, superseding))
        delivery = await case.delivery()
        superseded = comes_first(told.steps, f"hear: {COMMIT}", "courier: known_of_due")
        fates.add(superseded)
        expected = ([], "suppressed") if superseded else ([OLD], "sent")
        assert expected == (await case.addresses(), delivery["state"])

    await post.tester.every(
        scenario,
        courier=("known_of_due", "begin_attempts", COMMIT, SEND),
        hear=("lock", "note_certifications", COMMIT),
    )

    assert {False, True} == fates


async def test_two_couriers(post: Post) -> None:
    """Two couriers look at once: the message is brought by one of them."""
    winners: set[str] = set()

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        told = await play(one=post.bring, other=post.bring)
        winners.update(s.partition(":")[0] for s in told.steps if "begin_attempts" in s)
        await post.bring_all()
        delivery = await case.delivery()
        assert ([OLD], "sent", 1) == (
            await case.addresses(),
            delivery["state"],
            delivery["attempts"],
        )

    stops = ("claim_due", "begin_attempts", COMMIT)
    seen = await post.tester.every(scenario, one=stops, other=stops)

    # What is claimed is passed over, not waited for, and each of the two has been the one.
    assert 0 == seen.waits
    assert {"one", "other"} == winners


async def test_the_courier_against_giving_up(post: Post) -> None:
    """A person gives up a message that sets out: it went or it was given up, not both."""

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        delivery_id = (await case.delivery())["delivery_id"]
        told = await play(
            courier=post.bring,
            desk=lambda stage: post.desk(stage).give_up(delivery_id, caller=OFFICER, note="cukup"),
            refusals=(NotInState,),
        )
        await post.bring_all()
        given_up = "desk" in told.done
        state = (await case.delivery())["state"]
        assert ([] if given_up else [OLD]) == await case.addresses()
        assert given_up == (state != "sent")

    seen = await post.tester.every(
        scenario,
        courier=("claim_due", "begin_attempts", COMMIT),
        desk=("delivery", "lock_only", COMMIT),
    )

    assert 2 == len(seen.outcomes)


async def test_a_late_outcome_against_the_sweep(post: Post) -> None:
    """A courier thought lost comes back with the truth: it stands, whoever was first."""

    async def scenario(play: Play) -> None:
        case = await post.alert(holder=OLD)
        await play(
            late=lambda stage: post.bring(stage, spare=0.0),
            sweep=lambda stage: post.courier(stage).sweep(),
        )
        await post.bring_all()
        delivery = await case.delivery()
        assert ([OLD], "sent", 1) == (
            await case.addresses(),
            delivery["state"],
            delivery["attempts"],
        )

    seen = await post.tester.every(
        scenario, late=(SEND, "end_attempt", COMMIT), sweep=("lock_only", "expire", COMMIT)
    )

    assert seen.waits
