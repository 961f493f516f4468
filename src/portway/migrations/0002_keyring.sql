-- Keys and the only functions that touch them. Everything here belongs to portway_keyring.

SET LOCAL ROLE portway_keyring;

-- Where the master key lives: a file on the database host, Supabase Vault, or (weakest) this table itself.
CREATE TABLE keyring.master_key (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    source text NOT NULL CHECK (source IN ('file', 'vault', 'table')),
    location text,
    key bytea,
    CHECK ((source = 'table') = (key IS NOT NULL)),
    CHECK ((source = 'table') = (location IS NULL))
);

-- seal: HMAC of passes; data: credentials; jwt: Portway's own access tokens. Wrapped by the master key.
CREATE TABLE keyring.keys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('seal', 'data', 'jwt')),
    iv bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
CREATE UNIQUE INDEX keys_current ON keyring.keys (purpose) WHERE retired_at IS NULL;

-- Outside issuers whose tokens are signed with a shared secret (HS256), as Supabase Auth does.
CREATE TABLE keyring.jwt_issuers (
    issuer text PRIMARY KEY,
    audience text,
    secret_ciphertext bytea NOT NULL,
    key_id integer NOT NULL
);

CREATE FUNCTION keyring.vault_secret(p_name text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    secret text;
BEGIN
    EXECUTE 'SELECT decrypted_secret FROM vault.decrypted_secrets WHERE name = $1' INTO secret USING p_name;
    RETURN decode(secret, 'hex');
END
$$;

-- In a function of its own, for where it may not be called.
CREATE FUNCTION keyring.file_content(p_path text) RETURNS bytea
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_read_binary_file(p_path);
END
$$;

-- The next two are inlined: the names in such a body are resolved when it is made, so it needs no search_path.
CREATE FUNCTION keyring.fetch_master_key(p_place keyring.master_key) RETURNS bytea
LANGUAGE sql VOLATILE
RETURN CASE p_place.source
    WHEN 'file' THEN keyring.file_content(p_place.location)
    WHEN 'vault' THEN keyring.vault_secret(p_place.location)
    ELSE p_place.key
END;

-- A key itself. It leaves this schema's functions nowhere.
CREATE FUNCTION keyring.unwrapped(p_key keyring.keys, p_place keyring.master_key) RETURNS bytea
LANGUAGE sql VOLATILE
RETURN extensions.decrypt_iv(p_key.wrapped_key, keyring.fetch_master_key(p_place), p_key.iv, 'aes-cbc/pad:none');

-- NULL where there is none of this id and purpose.
CREATE FUNCTION keyring.unwrap(p_key_id integer, p_purpose text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT keyring.unwrapped(k, m) FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
        WHERE k.id = p_key_id AND k.purpose = p_purpose
    );
END
$$;

CREATE FUNCTION keyring.current_key_id(p_purpose text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
RETURN (SELECT k.id FROM keyring.keys AS k WHERE k.purpose = p_purpose AND k.retired_at IS NULL);

-- Makes a new key the current one of its purpose; what the old one sealed or encrypted still opens.
CREATE FUNCTION keyring.add_key(p_purpose text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    iv bytea := extensions.gen_random_bytes(16);
    new_id integer;
BEGIN
    UPDATE keyring.keys SET retired_at = now() WHERE purpose = p_purpose AND retired_at IS NULL;
    INSERT INTO keyring.keys (purpose, iv, wrapped_key)
    SELECT p_purpose, iv, extensions.encrypt_iv(
        extensions.gen_random_bytes(32), keyring.fetch_master_key(m), iv, 'aes-cbc/pad:none'
    )
    FROM keyring.master_key AS m
    RETURNING id INTO new_id;
    RETURN new_id;
END
$$;

-- Chooses the master key's place, once, and makes the first keys. p_location: an absolute path of a file with 32
-- random bytes (source file), a secret's name (vault), NULL (table).
CREATE FUNCTION keyring.initialize(p_source text, p_location text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    place keyring.master_key;
BEGIN
    IF EXISTS (SELECT FROM keyring.master_key) THEN
        RETURN;
    END IF;
    INSERT INTO keyring.master_key (source, location, key)
    VALUES (p_source, p_location, CASE WHEN p_source = 'table' THEN extensions.gen_random_bytes(32) END)
    RETURNING * INTO place;
    IF length(keyring.fetch_master_key(place)) IS DISTINCT FROM 32 THEN
        RAISE EXCEPTION 'the master key must be 32 bytes long';
    END IF;
    PERFORM keyring.add_key(purpose) FROM unnest(ARRAY['seal', 'data', 'jwt']) AS purpose;
END
$$;

-- A pass is "<HMAC-SHA256 in hex><key id>:<JSON>"; the HMAC covers what follows it.
CREATE FUNCTION keyring.seal(p_claims jsonb) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    key_id integer := keyring.current_key_id('seal');
    body text := key_id || ':' || p_claims::text;
BEGIN
    RETURN encode(
        extensions.hmac(convert_to(body, 'UTF8'), keyring.unwrap(key_id, 'seal'), 'sha256'), 'hex'
    ) || body;
END
$$;

-- For each pass its claims, or NULL where the seal is not right. Looks at no claim. A key that was retired a day ago
-- opens nothing any more.
CREATE FUNCTION keyring.open_seals(p_sealed text[]) RETURNS jsonb[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT CASE
            WHEN s.mac = encode(extensions.hmac(convert_to(s.body, 'UTF8'), k.key, 'sha256'), 'hex')
            THEN substr(s.body, 2 + length(k.id))::jsonb
        END
        FROM (
            SELECT p.i, left(p.pass, 64) AS mac, substr(p.pass, 65) AS body
            FROM unnest(p_sealed) WITH ORDINALITY AS p (pass, i)
            OFFSET 0
        ) AS s
        LEFT JOIN (
            SELECT k.id::text AS id, keyring.unwrapped(k, m) AS key
            FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
            WHERE k.purpose = 'seal' AND (k.retired_at IS NULL OR k.retired_at > now() - interval '1 day')
            OFFSET 0
        ) AS k ON k.id = split_part(s.body, ':', 1)
        ORDER BY s.i
    );
END
$$;

CREATE FUNCTION keyring.open_seal(p_sealed text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (keyring.open_seals(ARRAY[p_sealed]))[1];
END
$$;

-- A pseudorandom value for a text, the same for as long as the database lives.
CREATE FUNCTION keyring.steady_hash(p_text text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT extensions.hmac(convert_to(p_text, 'UTF8'), keyring.unwrapped(k, m), 'sha256')
        FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
        WHERE k.purpose = 'seal' ORDER BY k.id LIMIT 1
    );
END
$$;

-- PGP has no associated data, so the row that a ciphertext belongs to and its type stand inside the plaintext.
CREATE FUNCTION keyring.encrypt(p_value text, p_owner uuid, p_type text, OUT ciphertext bytea, OUT key_id integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
BEGIN
    key_id := keyring.current_key_id('data');
    -- The key is 256 random bits, not a password: stretching it (the default s2k-mode) would only cost time.
    ciphertext := extensions.pgp_sym_encrypt_bytea(
        convert_to(p_owner::text || E'\n' || p_type || E'\n' || p_value, 'UTF8'),
        encode(keyring.unwrap(key_id, 'data'), 'hex'),
        'cipher-algo=aes256, s2k-mode=1, compress-algo=0'
    );
END
$$;

-- For each ciphertext what it holds, or NULL where it was altered or belongs to another row or type.
CREATE FUNCTION keyring.decrypt_all(p_ciphertexts bytea[], p_key_ids integer[], p_owners uuid[], p_types text[])
RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT CASE WHEN starts_with(opened.plaintext, opened.header)
            THEN substr(opened.plaintext, length(opened.header) + 1) END
        FROM (
            SELECT c.i, convert_from(extensions.pgp_sym_decrypt_bytea(c.ciphertext, k.key), 'UTF8') AS plaintext,
                c.owner::text || E'\n' || c.type || E'\n' AS header
            FROM unnest(p_ciphertexts, p_key_ids, p_owners, p_types)
                WITH ORDINALITY AS c (ciphertext, key_id, owner, type, i)
            LEFT JOIN (
                SELECT k.id, encode(keyring.unwrapped(k, m), 'hex') AS key
                FROM keyring.keys AS k CROSS JOIN keyring.master_key AS m
                WHERE k.purpose = 'data' AND k.id = ANY (p_key_ids)
                OFFSET 0
            ) AS k ON k.id = c.key_id
            ORDER BY c.i
            OFFSET 0
        ) AS opened
    );
EXCEPTION WHEN external_routine_invocation_exception OR character_not_in_repertoire THEN
    IF cardinality(p_ciphertexts) = 1 THEN
        RETURN ARRAY[NULL];
    END IF;
    -- One of them is bad; the others shall not suffer for it.
    RETURN ARRAY(
        SELECT (keyring.decrypt_all(ARRAY[c.ciphertext], ARRAY[c.key_id], ARRAY[c.owner], ARRAY[c.type]))[1]
        FROM unnest(p_ciphertexts, p_key_ids, p_owners, p_types)
            WITH ORDINALITY AS c (ciphertext, key_id, owner, type, i)
        ORDER BY c.i
    );
END
$$;

-- One of them. Raises data_corrupted where it does not open.
CREATE FUNCTION keyring.decrypt(p_ciphertext bytea, p_key_id integer, p_owner uuid, p_type text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plaintext text := (keyring.decrypt_all(ARRAY[p_ciphertext], ARRAY[p_key_id], ARRAY[p_owner], ARRAY[p_type]))[1];
BEGIN
    IF plaintext IS NULL AND p_ciphertext IS NOT NULL THEN
        RAISE EXCEPTION 'this ciphertext does not decrypt' USING ERRCODE = 'data_corrupted';
    END IF;
    RETURN plaintext;
END
$$;

CREATE FUNCTION keyring.base64url(p_value bytea) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN rtrim(translate(encode(p_value, 'base64'), E'+/\n', '-_'), '=');

CREATE FUNCTION keyring.from_base64url(p_value text) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN decode(translate(p_value, '-_', '+/') || repeat('=', (4 - length(p_value) % 4) % 4), 'base64');

-- A JWT (RFC 7519) signed with HS256 under Portway's own key.
CREATE FUNCTION keyring.sign_jwt(p_claims jsonb) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    key_id integer := keyring.current_key_id('jwt');
    signed text := keyring.base64url(convert_to(jsonb_build_object('alg', 'HS256', 'typ', 'JWT', 'kid', key_id::text)::text, 'UTF8'))
        || '.' || keyring.base64url(convert_to(p_claims::text, 'UTF8'));
BEGIN
    RETURN signed || '.' || keyring.base64url(extensions.hmac(convert_to(signed, 'UTF8'), keyring.unwrap(key_id, 'jwt'), 'sha256'));
END
$$;

-- The claims of an HS256 token, Portway's own or a configured issuer's, else NULL. Checks signature, exp, nbf, iss
-- and aud (RFC 7519, section 4.1; RFC 8725).
CREATE FUNCTION keyring.verify_jwt(p_token text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    parts text[] := string_to_array(p_token, '.');
    header jsonb;
    claims jsonb;
    issuer keyring.jwt_issuers;
    secret bytea;
    epoch double precision := extract(epoch FROM clock_timestamp());
BEGIN
    IF cardinality(parts) IS DISTINCT FROM 3 OR length(p_token) > 16384 OR p_token !~ '^[A-Za-z0-9_.-]+$' THEN
        RETURN NULL;
    END IF;
    BEGIN
        header := convert_from(keyring.from_base64url(parts[1]), 'UTF8')::jsonb;
        claims := convert_from(keyring.from_base64url(parts[2]), 'UTF8')::jsonb;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        RETURN NULL;  -- no base64, no UTF-8, no JSON, or JSON that is nested too deep
    END;
    IF header ->> 'alg' IS DISTINCT FROM 'HS256' OR jsonb_typeof(claims) IS DISTINCT FROM 'object' THEN
        RETURN NULL;
    END IF;
    IF claims ->> 'iss' = 'portway' THEN
        IF header ->> 'kid' IS NULL OR header ->> 'kid' !~ '^[0-9]{1,9}$' THEN
            RETURN NULL;
        END IF;
        secret := keyring.unwrap((header ->> 'kid')::integer, 'jwt');
    ELSE
        SELECT * INTO issuer FROM keyring.jwt_issuers AS i WHERE i.issuer IN (claims ->> 'iss', '*')
        ORDER BY (i.issuer = '*') LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF issuer.audience IS NOT NULL AND NOT coalesce(
            claims -> 'aud' = to_jsonb(issuer.audience) OR claims -> 'aud' @> to_jsonb(ARRAY[issuer.audience]), false
        ) THEN
            RETURN NULL;
        END IF;
        secret := convert_to(
            keyring.decrypt(issuer.secret_ciphertext, issuer.key_id, '00000000-0000-0000-0000-000000000000', 'jwt_issuer'), 'UTF8'
        );
    END IF;
    IF secret IS NULL OR parts[3] IS DISTINCT FROM keyring.base64url(
        extensions.hmac(convert_to(parts[1] || '.' || parts[2], 'UTF8'), secret, 'sha256')
    ) THEN
        RETURN NULL;
    END IF;
    -- 1e11 is the year 5138, well within what a timestamp holds.
    IF jsonb_typeof(claims -> 'exp') IS DISTINCT FROM 'number'
        OR (claims ->> 'exp')::numeric NOT BETWEEN epoch::numeric AND 1e11
        OR (jsonb_typeof(claims -> 'nbf') = 'number' AND (claims ->> 'nbf')::numeric > epoch::numeric + 60)
        OR jsonb_typeof(claims -> 'sub') IS DISTINCT FROM 'string'
    THEN
        RETURN NULL;
    END IF;
    RETURN claims;
END
$$;

-- Accepts HS256 tokens of an outside issuer from now on, in place of whichever was accepted before. p_issuer '*'
-- accepts any `iss` that the secret has signed; a NULL secret accepts none.
CREATE FUNCTION keyring.set_jwt_issuer(p_issuer text, p_audience text, p_secret text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, extensions, pg_temp
AS $$
DECLARE
    sealed record;
BEGIN
    DELETE FROM keyring.jwt_issuers;
    IF p_secret IS NULL THEN
        RETURN;
    END IF;
    sealed := keyring.encrypt(p_secret, '00000000-0000-0000-0000-000000000000', 'jwt_issuer');
    INSERT INTO keyring.jwt_issuers (issuer, audience, secret_ciphertext, key_id)
    VALUES (p_issuer, p_audience, sealed.ciphertext, sealed.key_id);
END
$$;

GRANT EXECUTE ON FUNCTION
    keyring.seal(jsonb), keyring.open_seal(text), keyring.open_seals(text[]), keyring.steady_hash(text),
    keyring.encrypt(text, uuid, text), keyring.decrypt(bytea, integer, uuid, text),
    keyring.decrypt_all(bytea[], integer[], uuid[], text[]),
    keyring.sign_jwt(jsonb), keyring.verify_jwt(text)
TO portway_definer;
-- For dumps. What they hold is wrapped by the master key, which is elsewhere unless its source is `table`.
GRANT USAGE ON SCHEMA keyring TO portway_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA keyring TO portway_owner;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA keyring TO portway_owner;

RESET ROLE;
