"""What the messages say, word for word, for each kind of village, regency and office."""

# ruff: noqa: E501  # messages stand here as they are sent

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from common.events.eligibility import Missing, Reason
from common.events.words import AlertKind, OfficeKind, PostKind, RegencyKind, VillageKind
from inline_snapshot import snapshot
from jinja2 import ChoiceLoader, DictLoader, PackageLoader
from notifications.domain.letters import Facts, Letter, Place, TitleCount, words_of
from notifications.domain.wording import say_date, say_list, say_number, say_shortfall
from notifications.templates import CURRENT, MissingPlaceholder, Templates
from notifications_rig import COVERED, UNCOVERED

DELIVERY = UUID("0190f0a0-0000-4000-8000-00000000000a")
ON = date(2026, 11, 20)
SOSIALISASI = Reason(criterion="sosialisasi_within_24_months", met=True, required=1, actual=1)
RT_RW = Reason(
    criterion="rt_and_rw_covered",
    met=False,
    required=1353,
    actual=1340,
    missing=(Missing(post_kind=PostKind.RT_HEAD, vacant=3, not_covered=10),),
)
COUNTS = (TitleCount(VillageKind.DESA, 272, 3), TitleCount(VillageKind.KELURAHAN, 13, 0))
DESA = Place("Kedungjaran", VillageKind.DESA, "Sragi", "33.26", "Pekalongan", RegencyKind.KABUPATEN)
KELURAHAN = Place(
    "Kauman", VillageKind.KELURAHAN, "Pekalongan Timur", "33.75", "Pekalongan", RegencyKind.KOTA
)
DESA_ADAT = Place(
    "Yoboi", VillageKind.DESA_ADAT, "Sentani", "91.03", "Jayapura", RegencyKind.KABUPATEN
)
KEPULAUAN = Place(
    "Pulau Harapan",
    VillageKind.KELURAHAN,
    "Kepulauan Seribu Utara",
    "31.01",
    "Kepulauan Seribu",
    RegencyKind.KABUPATEN_ADM,
)
JAKARTA = Place(
    "Gambir", VillageKind.KELURAHAN, "Gambir", "31.71", "Jakarta Pusat", RegencyKind.KOTA_ADM
)


def letter(
    kind: AlertKind,
    office: OfficeKind,
    place: Place,
    *reasons: Reason,
    failing_since: date | None = date(2026, 11, 13),
    grace_ends: date | None = date(2027, 2, 18),
) -> Letter:
    facts = Facts(failing_since=failing_since, grace_ends=grace_ends, reasons=reasons)
    words = words_of(DELIVERY, office, place, COUNTS, effective_on=ON, facts=facts)
    return Templates().render(kind, words)


def said(message: Letter) -> str:
    """The subject and the body without the frame."""
    return message.subject + "\n\n" + message.text.partition("\n\nHormat kami")[0]


def test_eligible_to_a_camat():
    assert said(
        letter(AlertKind.VILLAGE_ELIGIBLE, OfficeKind.CAMAT, DESA, COVERED, SOSIALISASI)
    ) == snapshot("""\
Desa Kedungjaran telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, telah memenuhi seluruh kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan per 20 November 2026 (11 dari 11 jabatan kepala desa dan perangkat desa terlindungi dan sosialisasi telah diselenggarakan).

Mohon dukungan Bapak/Ibu untuk proses penetapan bersama Kantor Cabang BPJS Ketenagakerjaan setempat.\
""")


def test_eligible_to_a_wali_kota():
    assert said(letter(AlertKind.VILLAGE_ELIGIBLE, OfficeKind.WALI_KOTA, KELURAHAN)) == snapshot("""\
Kelurahan Kauman telah memenuhi kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan

Yth. Wali Kota Pekalongan

Dengan hormat kami sampaikan bahwa Kelurahan Kauman, Kecamatan Pekalongan Timur, Kota Pekalongan, telah memenuhi seluruh kriteria Desa Sadar Jaminan Sosial Ketenagakerjaan per 20 November 2026.

Mohon dukungan Bapak/Ibu untuk proses penetapan bersama Kantor Cabang BPJS Ketenagakerjaan setempat.\
""")


def test_designated_to_a_bupati():
    assert said(letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.BUPATI, DESA)) == snapshot("""\
Desa Kedungjaran ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan

Yth. Bupati Pekalongan

Dengan hormat kami sampaikan bahwa Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, telah ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan pada 20 November 2026. Di kabupaten ini kini terdapat 3 Desa Sadar dari 272 desa dan 13 kelurahan.

Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina Pemerintah Desa agar perlindungan BPJS Ketenagakerjaan bagi seluruh pekerja tetap terjaga.\
""")


def test_designated_in_an_administrative_kabupaten():
    assert said(letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.BUPATI, KEPULAUAN)) == snapshot("""\
Kelurahan Pulau Harapan ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan

Yth. Bupati Kepulauan Seribu

Dengan hormat kami sampaikan bahwa Kelurahan Pulau Harapan, Kecamatan Kepulauan Seribu Utara, Kabupaten Administrasi Kepulauan Seribu, telah ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan pada 20 November 2026. Di kabupaten ini kini terdapat 3 Desa Sadar dari 272 desa dan 13 kelurahan.

Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina Pemerintah Kelurahan agar perlindungan BPJS Ketenagakerjaan bagi seluruh pekerja tetap terjaga.\
""")


def test_designated_in_an_administrative_kota():
    assert said(letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.WALI_KOTA, JAKARTA)) == snapshot("""\
Kelurahan Gambir ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan

Yth. Wali Kota Jakarta Pusat

Dengan hormat kami sampaikan bahwa Kelurahan Gambir, Kecamatan Gambir, Kota Administrasi Jakarta Pusat, telah ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan pada 20 November 2026. Di kota ini kini terdapat 3 Desa Sadar dari 272 desa dan 13 kelurahan.

Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina Pemerintah Kelurahan agar perlindungan BPJS Ketenagakerjaan bagi seluruh pekerja tetap terjaga.\
""")


def test_at_risk_of_a_desa():
    assert said(
        letter(AlertKind.STATUS_AT_RISK, OfficeKind.CAMAT, DESA, UNCOVERED, SOSIALISASI)
    ) == snapshot("""\
PERHATIAN: status Desa Sadar Desa Kedungjaran terancam

Yth. Camat Sragi

PERHATIAN. Status Desa Sadar Jaminan Sosial Ketenagakerjaan Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, terancam per 20 November 2026: 2 dari 11 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (2 kepala urusan).

Kriteria tidak terpenuhi sejak 13 November 2026. Jika belum dipulihkan sampai 18 Februari 2027, status akan diusulkan untuk ditangguhkan.

Mohon kesediaan Bapak/Ibu membina dan mengingatkan Pemerintah Desa agar kriteria tersebut dipenuhi kembali. Kantor Cabang BPJS Ketenagakerjaan setempat siap membantu.\
""")


def test_at_risk_of_a_kelurahan():
    assert said(letter(AlertKind.STATUS_AT_RISK, OfficeKind.CAMAT, KELURAHAN, RT_RW)) == snapshot("""\
PERHATIAN: status Desa Sadar Kelurahan Kauman terancam

Yth. Camat Pekalongan Timur

PERHATIAN. Status Desa Sadar Jaminan Sosial Ketenagakerjaan Kelurahan Kauman, Kecamatan Pekalongan Timur, Kota Pekalongan, terancam per 20 November 2026: 13 dari 1.353 jabatan ketua RT dan ketua RW belum terlindungi BPJS Ketenagakerjaan (10 ketua RT; kosong: 3 ketua RT).

Kriteria tidak terpenuhi sejak 13 November 2026. Jika belum dipulihkan sampai 18 Februari 2027, status akan diusulkan untuk ditangguhkan.

Mohon kesediaan Bapak/Ibu membina dan mengingatkan Pemerintah Kelurahan agar kriteria tersebut dipenuhi kembali. Kantor Cabang BPJS Ketenagakerjaan setempat siap membantu.\
""")


def test_at_risk_of_a_desa_adat_for_a_reason_of_a_branchs_own():
    own = Reason(
        criterion="bpd_of_our_branch",
        met=False,
        required=9,
        actual=5,
        missing=(Missing(post_kind=PostKind.BPD_MEMBER, not_covered=4),),
    )
    old = SOSIALISASI.model_copy(update={"met": False, "actual": 0})
    assert said(
        letter(
            AlertKind.STATUS_AT_RISK,
            OfficeKind.CAMAT,
            DESA_ADAT,
            own,
            old,
            failing_since=None,
            grace_ends=None,
        )
    ) == snapshot("""\
PERHATIAN: status Desa Sadar Desa Adat Yoboi terancam

Yth. Camat Sentani

PERHATIAN. Status Desa Sadar Jaminan Sosial Ketenagakerjaan Desa Adat Yoboi, Kecamatan Sentani, Kabupaten Jayapura, terancam per 20 November 2026: 4 dari 9 jabatan yang dipersyaratkan belum terlindungi BPJS Ketenagakerjaan (4 anggota BPD) dan sosialisasi BPJS Ketenagakerjaan perlu diselenggarakan kembali.

Jika tidak dipulihkan, status akan diusulkan untuk ditangguhkan.

Mohon kesediaan Bapak/Ibu membina dan mengingatkan Pemerintah Desa Adat agar kriteria tersebut dipenuhi kembali. Kantor Cabang BPJS Ketenagakerjaan setempat siap membantu.\
""")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (
            [("KEPALA_DESA", 0, 1)],
            snapshot(
                "1 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kepala desa)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0)],
            snapshot(
                "1 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kosong: kepala desa)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0), ("KAUR", 0, 1)],
            snapshot(
                "2 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kepala urusan; kosong: kepala desa)"
            ),
        ),
        (
            [("KAUR", 1, 2), ("KASI", 0, 1), ("KEPALA_DUSUN", 2, 0)],
            snapshot(
                "6 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (2 kepala urusan dan kepala seksi; kosong: kepala urusan dan 2 kepala dusun)"
            ),
        ),
        (
            [("KEPALA_DESA", 1, 0), ("KAUR", 0, 1), ("KASI", 0, 1), ("KEPALA_DUSUN", 2, 1)],
            snapshot(
                "6 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (kosong: 3 jabatan)"
            ),
        ),
        (
            [("KAUR", 0, 1), ("KASI", 0, 1), ("KEPALA_DUSUN", 0, 1), ("LURAH", 0, 1)],
            snapshot(
                "4 dari 12 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan"
            ),
        ),
    ],
)
def test_posts_are_named_when_their_kinds_are_few(missing: list[tuple[str, int, int]], named: str):
    """Up to three kinds in words, the vacant posts apart; of more kinds only how many are vacant."""
    lacking = sum(vacant + uncovered for _, vacant, uncovered in missing)
    reason = Reason(
        criterion="head_and_staff_covered",
        met=False,
        required=12,
        actual=12 - lacking,
        missing=tuple(
            Missing(post_kind=PostKind(kind), vacant=vacant, not_covered=uncovered)
            for kind, vacant, uncovered in missing
        ),
    )

    assert named == say_shortfall(reason)


def test_the_frame():
    message = letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.BUPATI, DESA)

    assert message.text.partition("Hormat kami")[2] == snapshot("""\
,
BPJS Ketenagakerjaan

--
Pesan ini dikirim secara otomatis kepada pemangku jabatan. Nomor rujukan: 0190f0a0-0000-4000-8000-00000000000a.
""")
    assert message.html == snapshot("""\
<!DOCTYPE html>
<html lang="id">
<head><meta charset="utf-8"><title>Desa Kedungjaran ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan</title></head>
<body>
<p>Yth. Bupati Pekalongan</p>
<p>Dengan hormat kami sampaikan bahwa Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, telah ditetapkan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan pada 20 November 2026. Di kabupaten ini kini terdapat 3 Desa Sadar dari 272 desa dan 13 kelurahan.</p>
<p>Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina Pemerintah Desa agar perlindungan BPJS Ketenagakerjaan bagi seluruh pekerja tetap terjaga.</p>
<p>Hormat kami,<br>BPJS Ketenagakerjaan</p>
<hr>
<p><small>Pesan ini dikirim secara otomatis kepada pemangku jabatan. Nomor rujukan: 0190f0a0-0000-4000-8000-00000000000a.</small></p>
</body>
</html>
""")


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("place", [DESA, KELURAHAN, DESA_ADAT, KEPULAUAN, JAKARTA])
def test_every_message_keeps_the_house_rules(kind: AlertKind, place: Place):
    """BPJS Ketenagakerjaan in full, no commands, no gaps, the same in text and in HTML."""
    message = letter(kind, OfficeKind.CAMAT, place, UNCOVERED, COVERED)

    for text in (message.subject, message.text, message.html):
        for word in ("Kesehatan", "perintah", "instruksi", "None", "{{", "  ,", "()", " ."):
            assert word not in text
        assert text.count("BPJS") == text.count("BPJS Ketenagakerjaan")
    for sentence in message.text.split("\n\n")[:-1]:
        assert sentence.split("\n")[0] in message.html
    assert len(said(message)) <= 900


def test_html_escapes_names():
    """A name with markup in it stays a name."""
    place = Place("<b>A & B</b>", DESA.kind, "Sragi", "33.26", "Pekalongan", DESA.regency_kind)
    message = letter(AlertKind.VILLAGE_ELIGIBLE, OfficeKind.CAMAT, place)

    assert "Desa &lt;b&gt;A &amp; B&lt;/b&gt;" in message.html
    assert "Desa <b>A & B</b>" in message.text


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("file", ["subject.txt", "body.txt"])
def test_a_missing_placeholder_is_refused_at_the_start(kind: AlertKind, file: str):
    """A template that asks for what no message has stops the service, not a delivery."""
    misspelt = DictLoader({f"{CURRENT[kind]}/{file}": "{{ vilage }}"})
    files = ChoiceLoader([misspelt, PackageLoader("notifications", "templates")])

    with pytest.raises(MissingPlaceholder, match="vilage"):
        Templates(files=files)


def test_numbers_dates_and_lists():
    """As formal Bahasa Indonesia writes them."""
    assert ["1.353", "1.000.000", "7"] == [say_number(n) for n in (1353, 1_000_000, 7)]
    assert "8 Januari 2027" == say_date(date(2027, 1, 8))
    assert ["", "a", "a dan b", "a, b, dan c"] == [
        say_list(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])
    ]
