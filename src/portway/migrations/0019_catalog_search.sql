-- Search of the catalog: by words and their beginnings (full text); what is spelled wrongly, by trigrams.

DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
    RAISE WARNING '%', SQLERRM;
END
$$;
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_extension WHERE extname = 'pg_trgm' AND extnamespace = 'extensions'::regnamespace
    ) THEN
        RAISE WARNING 'pg_trgm is not in the schema "extensions": the catalog''s search will find no misspelled words';
    END IF;
END
$$;

SET LOCAL ROLE portway_owner;

-- Names count most, then categories, then descriptions. Names are there twice: as they are written, since "to do" is
-- nothing but stop words, and by their stems.
CREATE FUNCTION app.search_document(p_slug text, p_name text, p_category text, p_description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE
RETURN setweight(to_tsvector('pg_catalog.simple', translate(p_slug, '-_.', '   ') || ' ' || p_name), 'A')
    || setweight(to_tsvector('pg_catalog.english', translate(p_slug, '-_.', '   ') || ' ' || p_name), 'A')
    || setweight(to_tsvector('pg_catalog.english', translate(p_category, '-_.', '   ')), 'B')
    || setweight(to_tsvector('pg_catalog.english', left(p_description, 2000)), 'D');
-- A generated column is computed with the rights of whoever inserts.
GRANT EXECUTE ON FUNCTION app.search_document(text, text, text, text) TO portway_app;

-- A catalog of 100 000 actions is rewritten in seconds.
ALTER TABLE public.integrations ADD COLUMN search tsvector NOT NULL
-- squawk-ignore adding-field-with-default
GENERATED ALWAYS AS (app.search_document(slug, name, category, description)) STORED;
ALTER TABLE public.actions ADD COLUMN search tsvector NOT NULL
-- squawk-ignore adding-field-with-default
GENERATED ALWAYS AS (app.search_document(slug, name, '', description)) STORED;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX integrations_search ON public.integrations USING gin (search);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX actions_search ON public.actions USING gin (search);
-- For the list of all actions, page by page.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX actions_slug ON public.actions (slug, id);

GRANT CREATE ON SCHEMA app TO portway_definer;

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_extension WHERE extname = 'pg_trgm' AND extnamespace = 'extensions'::regnamespace
    ) THEN
        CREATE INDEX integrations_similar ON public.integrations
        USING gin ((slug || ' ' || name) extensions.gin_trgm_ops);
        CREATE INDEX actions_similar ON public.actions
        USING gin ((slug || ' ' || name) extensions.gin_trgm_ops);
    END IF;
END
$$;
RESET ROLE;

SET LOCAL ROLE portway_definer;

-- Those of these organizations, and global ones, whose names are similar; nothing without pg_trgm.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_extension WHERE extname = 'pg_trgm' AND extnamespace = 'extensions'::regnamespace
    ) THEN
        CREATE FUNCTION app.similar_integrations(p_words text, p_organizations uuid[])
        RETURNS TABLE (id uuid, rank integer)
        LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.3
        BEGIN ATOMIC
            SELECT i.id, (400 * extensions.word_similarity(p_words, i.slug || ' ' || i.name))::integer
            FROM public.integrations AS i
            WHERE (i.slug || ' ' || i.name) OPERATOR(extensions.%>) p_words
                AND (i.organization_id IS NULL OR i.organization_id = ANY (p_organizations));
        END;

        CREATE FUNCTION app.similar_actions(p_words text, p_organizations uuid[], p_integrations uuid[])
        RETURNS TABLE (id uuid, slug text, rank integer)
        LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.45
        BEGIN ATOMIC
            SELECT a.id, a.slug, (400 * extensions.word_similarity(p_words, a.slug || ' ' || a.name))::integer
            FROM public.actions AS a
            WHERE (a.slug || ' ' || a.name) OPERATOR(extensions.%>) p_words
                AND (a.organization_id IS NULL OR a.organization_id = ANY (p_organizations))
                AND (p_integrations IS NULL OR a.integration_id = ANY (p_integrations))
            LIMIT 1000;
        END;
    ELSE
        CREATE FUNCTION app.similar_integrations(p_words text, p_organizations uuid[])
        RETURNS TABLE (id uuid, rank integer)
        LANGUAGE sql STABLE
        BEGIN ATOMIC
            SELECT NULL::uuid, 0 WHERE false;
        END;

        CREATE FUNCTION app.similar_actions(p_words text, p_organizations uuid[], p_integrations uuid[])
        RETURNS TABLE (id uuid, slug text, rank integer)
        LANGUAGE sql STABLE
        BEGIN ATOMIC
            SELECT NULL::uuid, ''::text, 0 WHERE false;
        END;
    END IF;
END
$$;

-- All of these words, or words that begin so. Stop words count only where there are no others.
CREATE FUNCTION app.search_query(p_words text[], p_weights text DEFAULT '') RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    word text;
    term text;
    stem tsquery;
    exact tsquery;
    meant tsquery := '';
    stop_words tsquery := '';
BEGIN
    FOREACH word IN ARRAY coalesce(p_words, '{}') LOOP
        term := format(
            '''%s'':%s%s', translate(word, '''\', '  '), CASE WHEN length(word) > 1 THEN '*' END, p_weights
        );
        stem := to_tsquery('pg_catalog.english', term);
        exact := to_tsquery('pg_catalog.simple', term);
        IF numnode(stem) > 0 THEN
            meant := meant && (stem || exact);
        ELSE
            stop_words := stop_words && exact;
        END IF;
    END LOOP;
    RETURN CASE WHEN numnode(meant) > 0 THEN meant ELSE stop_words END;
END
$$;

-- Those of the caller's integrations that the words find, the better the higher the rank: the name itself, names that
-- begin so, all words somewhere, a part of the name; where there is nothing of these, similar names.
CREATE FUNCTION app.search_integrations(p_words text[]) RETURNS TABLE (id uuid, rank integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
AS $$
DECLARE
    query tsquery := app.search_query(p_words);
    phrase text := array_to_string(p_words, ' ');
    hyphened text := array_to_string(p_words, '-');
    organizations uuid[] := app.current_organizations();
BEGIN
    IF app.current_user_id() IS NULL OR coalesce(p_words, '{}') = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT i.id, CASE
        WHEN i.slug = hyphened OR lower(i.name) = phrase THEN 3000
        WHEN starts_with(i.slug, hyphened) OR starts_with(lower(i.name), phrase) THEN 2000
        WHEN i.search @@ query THEN 1000
        ELSE 500
    END + (100 * ts_rank(i.search, query))::integer
    FROM public.integrations AS i
    WHERE (i.organization_id IS NULL OR i.organization_id = ANY (organizations))
        AND (i.search @@ query OR strpos(i.slug, hyphened) > 0 OR strpos(lower(i.name), phrase) > 0);
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT i.id, i.rank FROM app.similar_integrations(phrase, organizations) AS i;
    END IF;
END
$$;

-- Those of the caller's actions that the words find, at most 1000. Some of the words may be the integration's: "slack
-- send message". Of words that very many have, 2000 are looked at, and those whose name they are.
CREATE FUNCTION app.search_actions(p_words text[], p_integration text, p_category text)
RETURNS TABLE (id uuid, rank integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100
AS $$
DECLARE
    query tsquery := app.search_query(p_words);
    phrase text := array_to_string(p_words, ' ');
    hyphened text := array_to_string(p_words, '-');
    organizations uuid[] := app.current_organizations();
    -- NULL: all.
    chosen uuid[] := CASE WHEN p_integration IS NOT NULL OR p_category IS NOT NULL THEN ARRAY(
        SELECT i.id FROM public.integrations AS i
        WHERE i.slug = coalesce(p_integration, i.slug) AND i.category = coalesce(p_category, i.category)
    ) END;
BEGIN
    IF app.current_user_id() IS NULL OR coalesce(p_words, '{}') = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH terms AS (
        SELECT w AS word, app.search_query(ARRAY[w], 'AB') AS term FROM unnest(p_words) AS w
    ), named AS MATERIALIZED (
        -- Integrations whose name or category has some of the words, and the words that are left.
        SELECT i.id, ARRAY(SELECT t.word FROM terms AS t WHERE NOT i.search @@ t.term) AS rest,
            i.slug = hyphened OR lower(i.name) = phrase AS is_exact
        FROM public.integrations AS i
        WHERE i.search @@ (SELECT string_agg(t.term::text, ' | ')::tsquery FROM terms AS t)
            AND (i.organization_id IS NULL OR i.organization_id = ANY (organizations))
            AND (chosen IS NULL OR i.id = ANY (chosen))
    ), found AS (
        SELECT a.id, a.slug, a.search, CASE
            WHEN lower(a.name) = phrase THEN 3000 WHEN starts_with(a.slug, hyphened) THEN 2000 ELSE 1000
        END AS rank
        FROM (
            SELECT x.id, x.slug, x.name, x.search FROM public.actions AS x
            WHERE x.search @@ query AND (x.organization_id IS NULL OR x.organization_id = ANY (organizations))
                AND (chosen IS NULL OR x.integration_id = ANY (chosen))
            LIMIT 2000
        ) AS a
        UNION ALL
        SELECT a.id, a.slug, a.search, 3000 FROM public.actions AS a
        WHERE a.slug = hyphened AND (a.organization_id IS NULL OR a.organization_id = ANY (organizations))
            AND (chosen IS NULL OR a.integration_id = ANY (chosen))
        UNION ALL
        SELECT a.id, a.slug, a.search, 50 + CASE
            WHEN a.is_exact OR a.slug = array_to_string(a.rest, '-') THEN 3000
            WHEN a.rest <> '{}' AND starts_with(a.slug, array_to_string(a.rest, '-')) THEN 2000
            ELSE 1000
        END
        FROM (
            SELECT x.id, x.slug, x.search, n.rest, n.is_exact
            FROM (
                SELECT i.*, app.search_query(i.rest) AS others FROM named AS i
                ORDER BY i.is_exact DESC, cardinality(i.rest)
            ) AS n
            CROSS JOIN LATERAL (
                SELECT y.id, y.slug, y.search FROM public.actions AS y
                WHERE y.integration_id = n.id AND (n.rest = '{}' OR y.search @@ n.others)
            ) AS x
            LIMIT 2000
        ) AS a
    )
    SELECT f.id, max(f.rank) + (100 * ts_rank(f.search, query))::integer AS rank
    FROM found AS f GROUP BY f.id, f.slug, f.search
    ORDER BY rank DESC, f.slug, f.id LIMIT 1000;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT a.id, a.rank FROM app.similar_actions(phrase, organizations, chosen) AS a
        ORDER BY a.rank DESC, a.slug, a.id;
    END IF;
END
$$;

GRANT EXECUTE ON FUNCTION app.search_integrations(text[]), app.search_actions(text[], text, text) TO portway_app;

RESET ROLE;

SET LOCAL ROLE portway_owner;
REVOKE CREATE ON SCHEMA app FROM portway_definer;
RESET ROLE;
