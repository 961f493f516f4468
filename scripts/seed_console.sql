-- Executions of a month, as a company's would be: busy by day on weekdays, an incident at one service last week, and
-- errors as services make them. `traffic` is a temporary table with what is executed, by whom and how often.

-- Rows go where the month's partition is.
SELECT app.create_log_partition(month::date)
FROM generate_series(date_trunc('month', now() - interval '31 days'), now(), interval '1 month') AS month;

SELECT setseed(0.42);

INSERT INTO api_logs (
    id, executed_at, deadline, status, error_code, status_code, duration_ms, attempts,
    user_id, organization_id, workspace_id, connection_id, integration_id, action_id, request_payload, response_payload
)
WITH moments AS (
    SELECT date_trunc('milliseconds', now() - random() * interval '30 days') AS at
    FROM generate_series(1, %(executions)s * 4)
),

kept AS MATERIALIZED (
    SELECT
        at,
        random() AS which,
        random() AS fate,
        random() AS kind,
        -- Standard normal, by Box and Muller.
        sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS spread,
        1 + floor(random() * 12)::int AS person,
        1000 + floor(random() * 90000)::int AS number
    FROM moments
    WHERE random() < CASE WHEN extract(isodow FROM at) < 6 THEN 1.0 ELSE 0.3 END
        * (0.12 + 0.88 * greatest(0, sin(pi() * (extract(hour FROM at) - 5) / 15)))
    LIMIT %(executions)s
),

drawn AS (
    SELECT
        k.*,
        t.*,
        k.fate < t.failure_rate + CASE
            WHEN t.slug = 'hubspot' AND k.at > date_trunc('day', now()) - interval '5 days' + interval '13 hours'
                AND k.at < date_trunc('day', now()) - interval '5 days' + interval '17 hours' THEN 0.4
            ELSE 0
        END AS failed
    FROM kept AS k INNER JOIN traffic AS t ON k.which >= t.low AND k.which < t.high
),

judged AS (
    SELECT
        *,
        CASE
            WHEN NOT failed THEN 'success'
            WHEN kind < 0.42 THEN 'upstream_error'
            WHEN kind < 0.60 THEN 'rate_limited'
            WHEN kind < 0.76 THEN 'invalid_parameters'
            WHEN kind < 0.88 THEN 'upstream_timeout'
            WHEN kind < 0.95 THEN 'reauthorization_required'
            ELSE 'upstream_unreachable'
        END AS outcome
    FROM drawn
)

SELECT
    (
        lpad(to_hex(round(extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15)
    )::uuid,
    at,
    at + interval '30 seconds',
    CASE
        WHEN outcome = 'success' THEN 'success'
        WHEN outcome IN ('rate_limited', 'invalid_parameters', 'reauthorization_required') THEN 'refused'
        ELSE 'error'
    END,
    nullif(outcome, 'success'),
    CASE outcome
        WHEN 'success' THEN 200
        WHEN 'upstream_error' THEN (ARRAY[400, 404, 409, 429, 500, 503])[1 + floor(fate * 6000)::int %% 6]
    END,
    CASE
        WHEN outcome IN ('rate_limited', 'invalid_parameters', 'reauthorization_required') THEN 2 + 3 * kind
        WHEN outcome = 'upstream_timeout' THEN 30000 + 20 * kind
        ELSE base_ms * exp(0.45 * spread)
    END,
    CASE
        WHEN outcome IN ('rate_limited', 'invalid_parameters', 'reauthorization_required') THEN 0
        WHEN outcome = 'upstream_error' AND kind > 0.2 THEN 3
        ELSE 1
    END,
    user_id, organization_id, workspace_id, connection_id, integration_id, action_id,
    replace(replace(request, '{person}', names[person]), '{number}', number::text)::jsonb,
    CASE
        WHEN outcome = 'success'
            THEN replace(replace(response, '{person}', names[person]), '{number}', number::text)::jsonb
        WHEN outcome = 'upstream_error' THEN '{"error": {"message": "The service could not do this right now."}}'
    END
FROM judged CROSS JOIN (SELECT %(names)s::text[] AS names) AS everybody
ORDER BY at;
