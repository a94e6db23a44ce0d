"""A message that was begun before an upgrade is tried again in the words that it had."""

from __future__ import annotations

from faulty_smtp import Fault
from notifications_rig import AT_RISK, CAMAT_SRAGI, DESIGNATED, Service, decided, known

FORMER = "status_at_risk/1 letter/1"


async def test_a_message_keeps_its_template(service: Service):
    """Its first attempt was made of version 1; the second is too, though version 2 is current."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.BUSY_AT_RCPT
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.round()
    async with service.work.transaction() as connection:
        await connection.execute("UPDATE attempts SET template = $1", FORMER)
    service.post.fault = Fault.NONE
    await service.bring_all()

    [mail] = service.post.taken
    assert "PERHATIAN: status Desa Sadar Desa Kedungjaran terancam" == mail["Subject"]
    assert 2 == await service.count(
        f"SELECT count(*) FROM attempts WHERE template = '{FORMER}'"  # noqa: S608
    )
