-- New keys for a keyring in use, and ciphertexts brought under them.

SET LOCAL ROLE portway_keyring;

-- NULL where there is none of this id and purpose. What an old key of another purpose than `data` vouched for is good
-- for a day.
CREATE OR REPLACE FUNCTION keyring.unwrap(p_key_id integer, p_purpose text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT keyring.unwrapped(k, m) FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
        WHERE k.id = p_key_id AND k.purpose = p_purpose
            AND (p_purpose = 'data' OR k.retired_at IS NULL OR k.retired_at > now() - interval '1 day')
    );
END
$$;

-- Makes a new key of every purpose the current one, and returns the id of the one that encrypts from now on. Passes and
-- access tokens of the old ones are good for a day; with p_at_once, for nothing any more.
CREATE FUNCTION keyring.rotate(p_at_once boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM keyring.add_key('seal'), keyring.add_key('jwt');
    IF p_at_once THEN
        UPDATE keyring.keys SET retired_at = '-infinity' WHERE purpose <> 'data' AND retired_at IS NOT NULL;
    END IF;
    RETURN keyring.add_key('data');
END
$$;

-- The same under the current key; NULLs where it does not decrypt. What it holds stays here.
CREATE FUNCTION keyring.reencrypt(
    p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plaintext text := (keyring.decrypt_all(ARRAY[p_ciphertext], ARRAY[p_key_id], ARRAY[p_owner], ARRAY[p_type]))[1];
BEGIN
    IF plaintext IS NOT NULL THEN
        SELECT e.ciphertext, e.key_id INTO ciphertext, key_id FROM keyring.encrypt(plaintext, p_owner, p_type) AS e;
    END IF;
END
$$;

GRANT EXECUTE ON FUNCTION keyring.rotate(boolean), keyring.reencrypt(bytea, integer, uuid, text) TO portway_owner;
-- Of the other tables it is the owner.
GRANT UPDATE (secret_ciphertext, key_id) ON keyring.jwt_issuers TO portway_owner;

RESET ROLE;
