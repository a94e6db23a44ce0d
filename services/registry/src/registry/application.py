"""What the registry does: one public method per deed, its transaction opened there.

Every deed runs in the same order, so that no two wait for each other: claim the request, lock the
participant, lock all villages concerned in key order, decide, save, append.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from common.clock import Clock
from common.database import Database
from common.idempotency import Answer
from common.ids import Ids
from common.outbox import Outbox

from registry.deed import Deed, Deeds, Request
from registry.domain import days, segments
from registry.domain import enrollment as membership
from registry.domain import posts as government
from registry.domain.areas import Village
from registry.domain.enrollment import Enrollment
from registry.domain.nik import odd_parts, parse_nik
from registry.domain.posts import PostName, Term
from registry.domain.refusals import ParticipantUnknown
from registry.orders import Appointment, NewEnrollment
from registry.outreach import Outreach
from registry.persons import enrollment_body, locked_member, save_outcome
from registry.storage import enrollments, posts
from registry.storage.acts import Act
from registry.storage.participants import Participant, ParticipantStore
from registry.storage.posts import Decree


class Registry:
    """The deeds; each answers with what was stored, and a repeat gets the same answer.

    Those about nobody are in `outreach`.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        participants: ParticipantStore,
        clock: Clock,
        ids: Ids,
        nik_99: bool,
    ) -> None:
        self._deeds = Deeds(database, outbox, clock)
        self._participants = participants
        self._clock = clock
        self._ids = ids
        self._nik_99 = nik_99
        self.outreach = Outreach(self._deeds, clock=clock, ids=ids)

    async def decree_posts(
        self,
        request: Request,
        code: str,
        names: Sequence[PostName],
        *,
        number: str | None,
        effective_on: date,
    ) -> Answer:
        """Record the whole list of the village government's posts from a day on."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            key = await deed.village_key(code)
            village = (await deed.lock({key}))[key]
            self._check_day(effective_on, village)
            warnings = government.check_posts(village, names)
            listed = await posts.ensure(deed.connection, key, names, self._ids)
            decree = Decree(self._ids.random(), number, effective_on)
            await posts.add_decree(deed.connection, key, decree, listed, deed.now)
            fact = government.decree(village, decree.decree_id, listed, effective_on)
            act = Act("DECREE_POSTS", decree.decree_id, key, effective_on)
            return await deed.answer(act, [fact], fact.data.model_dump(), warnings)

    async def appoint(self, request: Request, code: str, wish: Appointment) -> Answer:
        """Record that somebody holds a post from a day on, and replaces its holder if asked to."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            key = await deed.village_key(code)
            holder = await self._holder(deed, wish)
            village = (await deed.lock({key}))[key]
            self._check_day(wish.effective_on, village)
            post = await posts.get(deed.connection, wish.post_id)
            term = Term(
                term_id=self._ids.random(),
                post=post,
                participant_id=holder.participant_id,
                acting=wish.acting,
                starts_on=wish.effective_on,
            )
            others = await posts.terms_of_post(deed.connection, post)
            spans = await enrollments.spans_of(deed.connection, holder)
            appointed = government.appoint(
                village, term, others=others, spans=spans, replaces_holder=wish.replaces_holder
            )
            if appointed.ended is not None:
                await posts.end_term(deed.connection, appointed.ended)
                await deed.write_down(
                    Act("REPLACE", appointed.ended.term_id, key, wish.effective_on)
                )
            await posts.add_term(deed.connection, term, deed.now)
            act = Act("APPOINT", term.term_id, key, wish.effective_on)
            body = appointed.facts[-1].data.model_dump() | {
                "participant_id": holder.participant_id,
                "replaced_term_id": appointed.ended.term_id if appointed.ended else None,
            }
            return await deed.answer(act, appointed.facts, body)

    async def dismiss(self, request: Request, term_id: UUID, *, effective_on: date) -> Answer:
        """Record the first day on which a holder no longer holds the post."""
        async with self._deeds.begin(request, posts.term_unknown) as deed:
            if deed.repeated:
                return deed.repeated
            key = (await posts.term(deed.connection, term_id)).post.village_key
            if not request.may_act_in(key):
                raise posts.term_unknown()
            village = (await deed.lock({key}))[key]
            term = await posts.term(deed.connection, term_id)
            self._check_day(effective_on, village)
            ended, fact = government.dismiss(village, term, effective_on)
            await posts.end_term(deed.connection, ended)
            act = Act("DISMISS", term_id, key, effective_on)
            return await deed.answer(act, [fact], fact.data.model_dump())

    async def record_enrollment(self, request: Request, code: str, wish: NewEnrollment) -> Answer:
        """Record a membership; it counts once it is activated."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            key = await deed.village_key(code)
            nik = parse_nik(wish.nik, demo=self._nik_99)
            participant = await self._participants.find_or_add(
                deed.connection, nik, wish.name, deed.now
            )
            village = (await deed.lock({key}))[key]
            self._check_day(wish.effective_on, village)
            rules = await enrollments.rules(deed.connection)
            rule = segments.rule_on(rules, wish.segment, wish.effective_on)
            born = wish.birth_date or nik.birth_date(wish.effective_on)
            segments.check_age(rule, born, wish.effective_on)
            enrollment = Enrollment(
                enrollment_id=self._ids.random(),
                participant_id=participant.participant_id,
                village_key=key,
                segment=wish.segment,
                programmes=segments.check_programmes(rule, wish.programmes),
                status=membership.next_status(membership.Act.RECORD, None),
                version=1,
                last_change_on=wish.effective_on,
            )
            unended = await enrollments.unended_of(deed.connection, participant)
            outcome = membership.record(village, enrollment, unended)
            kpj = await self._participants.seal_kpj(
                deed.connection, participant, enrollment.enrollment_id, wish.kpj
            )
            await enrollments.add(deed.connection, enrollment, kpj, deed.now)
            warnings = odd_parts(
                nik, village_code=village.village_code, born=wish.birth_date, on=wish.effective_on
            )
            act = Act("RECORD_ENROLLMENT", enrollment.enrollment_id, key, wish.effective_on)
            return await deed.answer(act, outcome.facts, enrollment_body(outcome), warnings)

    async def activate_enrollment(
        self, request: Request, enrollment_id: UUID, *, effective_on: date
    ) -> Answer:
        """Record the first contribution: protection begins."""
        async with self._deeds.begin(request, enrollments.unknown) as deed:
            if deed.repeated:
                return deed.repeated
            member = await locked_member(deed, self._participants, enrollment_id)
            self._check_day(effective_on, member.village)
            outcome = membership.activate(
                member.village, member.enrollment, member.spans, effective_on
            )
            return await save_outcome(deed, member, outcome, "ACTIVATE_ENROLLMENT")

    async def end_enrollment(
        self, request: Request, enrollment_id: UUID, *, effective_on: date
    ) -> Answer:
        """Record the first day without the membership."""
        async with self._deeds.begin(request, enrollments.unknown) as deed:
            if deed.repeated:
                return deed.repeated
            member = await locked_member(deed, self._participants, enrollment_id)
            self._check_day(effective_on, member.village)
            outcome = membership.end(member.village, member.enrollment, member.spans, effective_on)
            return await save_outcome(deed, member, outcome, "END_ENROLLMENT")

    async def move_enrollment(
        self, request: Request, enrollment_id: UUID, to_code: str, *, effective_on: date
    ) -> Answer:
        """Record that the membership goes on in another village."""
        async with self._deeds.begin(request, enrollments.unknown) as deed:
            if deed.repeated:
                return deed.repeated
            target = await deed.target_key(to_code)
            member = await locked_member(deed, self._participants, enrollment_id, target)
            self._check_day(effective_on, member.village)
            outcome = membership.move(
                member.village,
                member.villages[target],
                member.enrollment,
                member.spans,
                on=effective_on,
                move_id=self._ids.random(),
            )
            return await save_outcome(deed, member, outcome, "MOVE_ENROLLMENT")

    async def _holder(self, deed: Deed, wish: Appointment) -> Participant:
        if wish.nik is not None:
            nik = parse_nik(wish.nik, demo=self._nik_99)
            return await self._participants.find_or_add(deed.connection, nik, wish.name, deed.now)
        if wish.participant_id is None:
            raise ParticipantUnknown("Sebutkan pemegang jabatan dengan nik atau participant_id.")
        return await self._participants.lock(deed.connection, wish.participant_id)

    def _check_day(self, day: date, village: Village) -> None:
        days.check_effective_on(day, self._clock.today(village.time_zone))
