-- Rows that statements make one after the other, within one millisecond too, are listed in that order.

SET LOCAL ROLE portway_owner;

-- A UUID of version 7 with 12 bits of the time within its millisecond (RFC 9562, section 6.2, method 3). The time is
-- read once and written as 15 hexadecimal digits, with the version before the last three.
CREATE OR REPLACE FUNCTION app.uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE
RETURN (
    overlay(
        lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000 * 4096)::bigint), 15, '0')
        PLACING '7' FROM 13 FOR 0
    ) || right(gen_random_uuid()::text, 17)
)::uuid;

RESET ROLE;
