"""The forms of a village government: its posts by decree, and who holds one."""

from __future__ import annotations

from datetime import date

from common.events.words import PostKind, VillageKind

from eligibility.web import words
from eligibility.web.formats import day
from eligibility.web.forms_fields import Answers, Field, Kind
from eligibility.web.forms_recording import At, Effect, day_field
from eligibility.web.registry_api import Post, Recorded, Refused, RegistryApi

WRITE = "registry:write"
MOST = 300
"""Posts of one kind, as the form asks; the registry has its own limit."""
NO_POSTS = "Isi jumlah sedikitnya satu jabatan."
_REST = (PostKind.RW_HEAD, PostKind.RT_HEAD, PostKind.LKD)
KINDS = {
    VillageKind.KELURAHAN: (PostKind.LURAH, *_REST),
    VillageKind.DESA: (
        *(PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, PostKind.KAUR, PostKind.KASI),
        *(PostKind.KEPALA_DUSUN, PostKind.BPD_MEMBER),
        *_REST,
    ),
}
ONE = frozenset({PostKind.KEPALA_DESA, PostKind.LURAH, PostKind.SEKRETARIS_DESA})


class DecreeForm:
    """The whole list of posts; it replaces the list before, and begins as that list is."""

    path = "susunan"
    title = "Catat susunan jabatan"
    lead = "Daftar lengkap jabatan menurut surat keputusannya; kosongkan yang tidak ada."
    scope = WRITE
    asks_nik = False

    def __init__(self, registry: RegistryApi) -> None:
        self._registry = registry

    async def fields(self, at: At) -> list[Field]:
        counts = [
            Field(
                kind,
                f"Jumlah {words.POSTS[kind]}",
                Kind.NUMBER,
                required=False,
                limit=1 if kind in ONE else MOST,
            )
            for kind in _kinds(at)
        ]
        number = Field(
            "number",
            "Nomor keputusan",
            Kind.TEXT,
            "Misalnya 141/02/2019.",
            required=False,
            limit=60,
        )
        return [day_field("Hari pertama susunan ini berlaku."), number, *counts]

    async def blank(self, at: At) -> Answers:
        known = _ordinals(await self._registry.posts(at.viewer, at.code))
        counts = {kind: str(len(ordinals)) for kind, ordinals in known.items()}
        return Answers({"effective_on": at.today.isoformat(), **counts})

    async def effect(self, at: At, answers: Answers) -> Effect:
        listed = [(words.POSTS[kind], answers.number(kind) or 0) for kind in _kinds(at)]
        named = ", ".join(f"{count} {label}" for label, count in listed if count)
        total = sum(count for _, count in listed)
        if not total:
            raise Refused(NO_POSTS)
        begins = day(answers.day("effective_on"))
        told = f"Mulai {begins}, {at.name} memiliki {total} jabatan: {named}."
        return Effect([told, "Jabatan yang tidak lagi tercantum berakhir pada hari itu."])

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        del nik
        known = _ordinals(await self._registry.posts(at.viewer, at.code))
        posts = []
        for kind in _kinds(at):
            count, before = answers.number(kind) or 0, known.get(kind, [])
            # As many as before keep their numbers: RT 1, 2 and 4 do not become 1, 2 and 3. By
            # numbers always, so that a repeat says the same after the first has been recorded.
            numbers = before if len(before) == count else list(range(1, count + 1))
            posts += [{"kind": kind, "ordinals": numbers}] if count else []
        if not posts:
            raise Refused(NO_POSTS)
        body = {"effective_on": answers.text("effective_on"), "posts": posts}
        if answers.text("number"):
            body["number"] = answers.text("number")
        path = f"/villages/{at.code}/posts"
        return await self._registry.record(at.viewer, path, body, key=key)


class AppointForm:
    """Somebody holds a post from a day on; whoever held it before leaves it that day."""

    path = "pejabat"
    title = "Catat pejabat"
    lead = "Siapa memegang jabatan mana, mulai kapan."
    scope = WRITE
    asks_nik = True

    def __init__(self, registry: RegistryApi) -> None:
        self._registry = registry

    async def fields(self, at: At) -> list[Field]:
        posts = await self._registry.posts(at.viewer, at.code)
        hint = "" if posts else "Belum ada jabatan: catat dahulu susunannya."
        return [
            Field("post_id", "Jabatan", Kind.SELECT, hint, [(p.post_id, _said(p)) for p in posts]),
            day_field("Hari pertama memegang jabatan."),
            Field(
                "acting",
                "Cara memegangnya",
                Kind.CHOICE,
                options=[("tetap", "Pejabat tetap"), ("plt", "Pelaksana tugas (Plt.)")],
            ),
        ]

    async def blank(self, at: At) -> Answers:
        return Answers({"effective_on": at.today.isoformat(), "acting": "tetap"})

    async def effect(self, at: At, answers: Answers) -> Effect:
        posts = await self._registry.posts(at.viewer, at.code)
        post = next(p for p in posts if p.post_id == answers.text("post_id"))
        begins = day(answers.day("effective_on"))
        told = [
            f"Mulai {begins}, jabatan {words.post(post.kind, post.ordinal)} dipegang pejabat ini."
        ]
        if post.held_since:
            told.append(f"Masa jabatan pemegang yang sekarang berakhir pada {begins}.")
        told.append("Perlindungannya dihitung dari kepesertaan pemilik NIK.")
        return Effect(told)

    async def save(self, at: At, answers: Answers, *, key: str, nik: str) -> Recorded:
        body = {
            "post_id": answers.text("post_id"),
            "effective_on": answers.text("effective_on"),
            "acting": answers.text("acting") == "plt",
            "replaces_holder": True,
            "nik": nik,
        }
        path = f"/villages/{at.code}/officials"
        return await self._registry.record(at.viewer, path, body, key=key)


def _kinds(at: At) -> tuple[PostKind, ...]:
    kind = VillageKind(at.place["kind"])
    return KINDS[VillageKind.KELURAHAN if kind is VillageKind.KELURAHAN else VillageKind.DESA]


def _ordinals(posts: list[Post]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for post in posts:
        found.setdefault(post.kind, []).append(post.ordinal)
    return found


def _said(post: Post) -> str:
    name = words.post(post.kind, post.ordinal)
    if post.held_since is None:
        return f"{name} (kosong)"
    return f"{name} (terisi sejak {day(date.fromisoformat(post.held_since))})"
