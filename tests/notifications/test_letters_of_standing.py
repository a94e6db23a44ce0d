"""What the messages say of standing, of officials and of heads of villages, word for word."""

from __future__ import annotations

from datetime import date

from common.events.words import AlertKind, OfficeKind, Standing
from inline_snapshot import snapshot
from letters_rig import DESA_ADAT, HEAD, KELURAHAN, letter, said


def test_at_risk_with_the_address_of_the_page():
    message = letter(AlertKind.STATUS_AT_RISK, pages="https://desasadar.example")
    assert said(message) == snapshot("""\
Desa Kedungjaran: status Desa Sadar terancam

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa status Desa Sadar Jaminan Sosial
Ketenagakerjaan Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan,
terancam per 20 November 2026. Jika belum dipulihkan sebelum 18 Februari
2027, status akan diusulkan untuk ditangguhkan.

  Belum terpenuhi : 2 dari 11 jabatan kepala desa dan perangkat desa
                    belum terlindungi BPJS Ketenagakerjaan (2 kepala
                    urusan)
  Sejak           : 13 November 2026
  Batas waktu     : sebelum 18 Februari 2027

Mohon kesediaan Bapak/Ibu membina dan mengingatkan Pemerintah Desa agar
kriteria tersebut dipenuhi kembali. Kantor Cabang BPJS Ketenagakerjaan
setempat siap membantu.

Selengkapnya:
https://desasadar.example/desa/33.26.10.2013\
""")


def test_suspended_to_a_bupati():
    message = letter(AlertKind.STATUS_LOST, OfficeKind.BUPATI, standing=Standing.DITANGGUHKAN)
    assert said(message) == snapshot("""\
Desa Kedungjaran: Desa Sadar ditangguhkan

Yth. Bupati Pekalongan

Dengan hormat kami sampaikan bahwa status Desa Sadar Jaminan Sosial
Ketenagakerjaan Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan,
ditangguhkan terhitung 20 November 2026.

  Belum terpenuhi : 2 dari 11 jabatan kepala desa dan perangkat desa
                    belum terlindungi BPJS Ketenagakerjaan (2 kepala
                    urusan)
  Sejak           : 13 November 2026

Mohon dukungan Bapak/Ibu membina Pemerintah Desa agar seluruh kriteria
dipenuhi kembali, sehingga status dapat dipulihkan. Kantor Cabang BPJS
Ketenagakerjaan setempat siap membantu.\
""")


def test_revoked_of_a_desa_adat():
    message = letter(AlertKind.STATUS_LOST, place=DESA_ADAT, standing=Standing.DICABUT)
    assert said(message) == snapshot("""\
Desa Adat Yoboi: Desa Sadar dicabut

Yth. Camat Sentani

Dengan hormat kami sampaikan bahwa status Desa Sadar Jaminan Sosial
Ketenagakerjaan Desa Adat Yoboi, Kecamatan Sentani, Kabupaten Jayapura,
dicabut terhitung 20 November 2026.

  Belum terpenuhi : 2 dari 11 jabatan kepala desa dan perangkat desa
                    belum terlindungi BPJS Ketenagakerjaan (2 kepala
                    urusan)
  Sejak           : 13 November 2026

Mohon dukungan Bapak/Ibu membina Pemerintah Desa Adat agar seluruh
kriteria dipenuhi kembali, sehingga Desa Adat Yoboi dapat ditetapkan
kembali. Kantor Cabang BPJS Ketenagakerjaan setempat siap membantu.\
""")


def test_restored():
    assert said(letter(AlertKind.STATUS_RESTORED)) == snapshot("""\
Desa Kedungjaran: status Desa Sadar pulih

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa status Desa Sadar Jaminan Sosial
Ketenagakerjaan Desa Kedungjaran, Kecamatan Sragi, Kabupaten Pekalongan,
kembali baik per 20 November 2026. Seluruh kriteria telah terpenuhi
kembali.

  Terpenuhi : 11 dari 11 jabatan kepala desa dan perangkat desa
              terlindungi

Terima kasih atas pembinaan yang dilakukan. Untuk saat ini tidak ada
tindak lanjut yang kami mohonkan.\
""")


def test_officials_unregistered():
    assert said(letter(AlertKind.OFFICIALS_UNREGISTERED)) == snapshot("""\
Desa Kedungjaran: jabatan belum terlindungi

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa per 20 November 2026 belum semua
pemangku jabatan di Desa Kedungjaran, Kecamatan Sragi, Kabupaten
Pekalongan, terdaftar sebagai peserta aktif Jaminan Kecelakaan Kerja
(JKK) dan Jaminan Kematian (JKM). Hak ini dijamin Undang-Undang Nomor 3
Tahun 2024.

  Belum terpenuhi : 2 dari 11 jabatan kepala desa dan perangkat desa
                    belum terlindungi BPJS Ketenagakerjaan (2 kepala
                    urusan)

Mohon mengingatkan Pemerintah Desa untuk mendaftarkannya melalui Kantor
Cabang BPJS Ketenagakerjaan terdekat.\
""")


def test_a_new_kepala_desa():
    assert said(letter(AlertKind.HEAD_CHANGED)) == snapshot("""\
Desa Kedungjaran: Kepala Desa baru

Yth. Camat Sragi

Dengan hormat kami sampaikan bahwa Kepala Desa Kedungjaran, Kecamatan
Sragi, Kabupaten Pekalongan, yang mulai menjabat pada 20 November 2026,
belum tercatat sebagai peserta aktif BPJS Ketenagakerjaan.

Mohon dibantu pendaftarannya melalui Kantor Cabang BPJS Ketenagakerjaan
setempat paling lambat 20 Desember 2026.\
""")


def test_an_acting_head_of_a_desa_adat():
    acting = HEAD.__class__(HEAD.term_id, HEAD.post_kind, True, date(2026, 9, 1), None, ())
    assert said(letter(AlertKind.HEAD_CHANGED, place=DESA_ADAT, head=acting)) == snapshot("""\
Desa Adat Yoboi: Penjabat Kepala Desa Adat baru

Yth. Camat Sentani

Dengan hormat kami sampaikan bahwa Penjabat Kepala Desa Adat Yoboi,
Kecamatan Sentani, Kabupaten Jayapura, yang mulai menjabat pada 20
November 2026, belum tercatat sebagai peserta aktif BPJS
Ketenagakerjaan.

Mohon dibantu pendaftarannya melalui Kantor Cabang BPJS Ketenagakerjaan
setempat.\
""")


def test_a_new_lurah():
    assert said(letter(AlertKind.HEAD_CHANGED, place=KELURAHAN)) == snapshot("""\
Kelurahan Kauman: Lurah baru

Yth. Camat Pekalongan Timur

Dengan hormat kami sampaikan bahwa Lurah Kauman, Kecamatan Pekalongan
Timur, Kota Pekalongan, mulai menjabat pada 20 November 2026.

Mohon berkenan memperkenalkan program Desa Sadar Jaminan Sosial
Ketenagakerjaan kepada Lurah yang baru, agar perlindungan ketua RT dan
ketua RW tetap terjaga.\
""")
