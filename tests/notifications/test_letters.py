"""What the messages say of eligibility, titles and ceremonies, word for word."""

# ruff: noqa: E501  # former words stand here as they were sent

from __future__ import annotations

from datetime import date

from common.events.words import AlertKind, OfficeKind
from inline_snapshot import snapshot
from letters_rig import CEREMONY, KELURAHAN, KOTA_ADM, letter, said
from notifications.domain.letters import NO_FACTS


def test_eligible_to_a_camat():
    assert said(letter(AlertKind.VILLAGE_ELIGIBLE)) == snapshot("""\
Desa Kedungjaran memenuhi syarat Desa Sadar

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa Desa Kedungjaran, Kecamatan Sragi,
Kabupaten Pekalongan, telah memenuhi seluruh kriteria Desa Sadar Jaminan
Sosial Ketenagakerjaan per 20 November 2026.

  Terpenuhi : 11 dari 11 jabatan kepala desa dan perangkat desa
              terlindungi

Mohon dukungan Bapak/Ibu untuk proses penetapan bersama Kantor Cabang
BPJS Ketenagakerjaan setempat.\
""")


def test_eligible_to_a_wali_kota():
    message = letter(AlertKind.VILLAGE_ELIGIBLE, OfficeKind.WALI_KOTA, KELURAHAN, facts=NO_FACTS)
    assert said(message) == snapshot("""\
Kelurahan Kauman memenuhi syarat Desa Sadar

Yth. Wali Kota Pekalongan

Dengan hormat kami sampaikan bahwa Kelurahan Kauman, Kecamatan
Pekalongan Timur, Kota Pekalongan, telah memenuhi seluruh kriteria Desa
Sadar Jaminan Sosial Ketenagakerjaan per 20 November 2026.

Mohon dukungan Bapak/Ibu untuk proses penetapan bersama Kantor Cabang
BPJS Ketenagakerjaan setempat.\
""")


def test_designated_to_a_bupati():
    assert said(letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.BUPATI)) == snapshot("""\
Desa Kedungjaran menjadi Desa Sadar

Yth. Bupati Pekalongan

Dengan hormat kami sampaikan bahwa Desa Kedungjaran, Kecamatan Sragi,
Kabupaten Pekalongan, telah ditetapkan sebagai Desa Sadar Jaminan Sosial
Ketenagakerjaan pada 20 November 2026. Di kabupaten ini kini terdapat 3
Desa Sadar dari 272 desa dan 13 kelurahan.

Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina
Pemerintah Desa agar perlindungan BPJS Ketenagakerjaan bagi seluruh
pekerja tetap terjaga.\
""")


def test_designated_in_an_administrative_kota():
    message = letter(AlertKind.VILLAGE_DESIGNATED, OfficeKind.WALI_KOTA, KOTA_ADM)
    assert said(message) == snapshot("""\
Kelurahan Gambir menjadi Desa Sadar

Yth. Wali Kota Jakarta Pusat

Dengan hormat kami sampaikan bahwa Kelurahan Gambir, Kecamatan Gambir,
Kota Administrasi Jakarta Pusat, telah ditetapkan sebagai Desa Sadar
Jaminan Sosial Ketenagakerjaan pada 20 November 2026. Di kota ini kini
terdapat 3 Desa Sadar dari 272 desa dan 13 kelurahan.

Terima kasih atas dukungan Bapak/Ibu. Mohon berkenan terus membina
Pemerintah Kelurahan agar perlindungan BPJS Ketenagakerjaan bagi seluruh
pekerja tetap terjaga.\
""")


def test_an_invitation():
    assert said(letter(AlertKind.CEREMONY_INVITE)) == snapshot("""\
Desa Kedungjaran: undangan peresmian

Yth. Camat Sragi

Dengan hormat kami mengundang Bapak/Ibu menghadiri peresmian Desa
Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, sebagai Desa Sadar
Jaminan Sosial Ketenagakerjaan. Kehadiran Bapak/Ibu sangat berarti untuk
memperkenalkan BPJS Ketenagakerjaan kepada warga.

  Hari/tanggal : Kamis, 3 Desember 2026
  Waktu        : pukul 09.00 WIB
  Tempat       : Balai Desa Kedungjaran
  Tuan rumah   : Bupati Pekalongan

Mohon konfirmasi kehadiran kepada Kantor Cabang BPJS Ketenagakerjaan
setempat paling lambat 30 November 2026.\
""")


def test_an_invitation_to_the_host_without_an_hour():
    soon = CEREMONY.__class__(
        CEREMONY.ceremony_id,
        CEREMONY.kind,
        date(2026, 11, 22),
        None,
        CEREMONY.venue,
        CEREMONY.host,
    )
    message = letter(AlertKind.CEREMONY_INVITE, OfficeKind.BUPATI, ceremony=soon)
    assert said(message) == snapshot("""\
Desa Kedungjaran: rencana peresmian

Yth. Bupati Pekalongan

Dengan hormat kami sampaikan bahwa Bapak/Ibu menjadi tuan rumah
peresmian Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan,
sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan. Peran Bapak/Ibu
sangat berarti untuk memperkenalkan BPJS Ketenagakerjaan kepada warga.

  Hari/tanggal : Minggu, 22 November 2026
  Tempat       : Balai Desa Kedungjaran
  Tuan rumah   : Bapak/Ibu

Mohon konfirmasi kesediaan kepada Kantor Cabang BPJS Ketenagakerjaan
setempat.\
""")
    assert "Bapak/Ibu menjadi tuan rumah peresmian" in message.html
    assert "mengundang" not in message.html


def test_a_ceremony_that_was_moved():
    message = letter(AlertKind.CEREMONY_INVITE, told_on=date(2026, 12, 2))
    assert said(message) == snapshot("""\
Desa Kedungjaran: jadwal peresmian berubah

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa jadwal peresmian Desa Kedungjaran,
Kecamatan Sragi, Kabupaten Pekalongan, sebagai Desa Sadar Jaminan Sosial
Ketenagakerjaan, yang semula Rabu, 2 Desember 2026, berubah sebagai
berikut.

  Hari/tanggal : Kamis, 3 Desember 2026
  Waktu        : pukul 09.00 WIB
  Tempat       : Balai Desa Kedungjaran
  Tuan rumah   : Bupati Pekalongan

Mohon konfirmasi kehadiran kepada Kantor Cabang BPJS Ketenagakerjaan
setempat paling lambat 30 November 2026.\
""")


def test_the_first_message_of_a_year():
    """Says in one sentence who writes and what the programmes are; others do not."""
    message = letter(AlertKind.HEAD_CHANGED, introduces=True)
    assert message.text.partition("2026.\n\n")[2] == snapshot("""\
BPJS Ketenagakerjaan, bukan BPJS Kesehatan, melindungi pekerja melalui
Jaminan Hari Tua (JHT), Jaminan Kecelakaan Kerja (JKK), Jaminan Kematian
(JKM), dan Jaminan Pensiun (JP).

Hormat kami,
BPJS Ketenagakerjaan

--
Pesan ini dikirim secara otomatis kepada pemangku jabatan. Untuk
pertanyaan, hubungi Kantor Cabang BPJS Ketenagakerjaan setempat dengan
menyebut nomor rujukan.
Nomor rujukan: 0190f0a0-0000-4000-8000-00000000000a
""")
    assert "JHT" not in letter(AlertKind.HEAD_CHANGED).text + letter(AlertKind.HEAD_CHANGED).html


def test_a_message_begun_in_former_words_is_tried_again_in_them():
    """Its template is that of the attempt before."""
    former = "status_at_risk/1 letter/1"
    message = letter(AlertKind.STATUS_AT_RISK, former=former, introduces=True)
    assert former == message.template
    assert said(message) == snapshot("""\
PERHATIAN: status Desa Sadar Desa Kedungjaran terancam

Yth. Camat Sragi

PERHATIAN. Status Desa Sadar Jaminan Sosial Ketenagakerjaan Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan, terancam per 20 November 2026: 2 dari 11 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan (2 kepala urusan).

Kriteria tidak terpenuhi sejak 13 November 2026. Jika belum dipulihkan sampai 18 Februari 2027, status akan diusulkan untuk ditangguhkan.

Mohon kesediaan Bapak/Ibu membina dan mengingatkan Pemerintah Desa agar kriteria tersebut dipenuhi kembali. Kantor Cabang BPJS Ketenagakerjaan setempat siap membantu.\
""")
