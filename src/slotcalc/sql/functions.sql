-- The questions of slotcalc inside PostgreSQL 14 or later. `slotcalc.sql.install_functions` runs this file under the
-- names of your tables. For tables of the usual names, in the schema public, it runs as it stands, in psql or in the
-- SQL editor of a hosted PostgreSQL.
--
-- | function | what it answers |
-- |---|---|
-- | slotcalc_subtract(whole, taken) | one range minus many, at once |
-- | slotcalc_show_subtraction(whole, taken) | the same by hand, one step a row |
-- | slotcalc_free(resource, within, …) | when a resource is free: slots minus active bookings |
-- | slotcalc_availability(resource, first_date, last_date, zone, …) | that for local days, as rows |
-- | slotcalc_day_start(day, zone) | the first instant of a local day |
-- | slotcalc_free_from_now, a view | that for each resource, from this moment on |
--
-- All of them run with the rights of whoever calls them, so that row-level policies hold. Ranges are merged by
-- range_agg, which sorts, and subtracted in one pass: n bookings cost O(n log n), never a step for each over all that
-- is left.
-- Buffers are elapsed time, a day being 24 hours: they are added on the clock of UTC, whatever the session's zone is.

CREATE OR REPLACE FUNCTION public.slotcalc_subtract(whole tstzrange, taken tstzrange[]) RETURNS tstzmultirange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
    SELECT multirange(whole) - coalesce((SELECT range_agg(piece) FROM unnest(taken) AS piece), '{}'::tstzmultirange)
$body$;

-- For looking at, not for computing: each row holds all that is left, so the rows grow with the square of the steps.
CREATE OR REPLACE FUNCTION public.slotcalc_show_subtraction(whole tstzrange, taken tstzrange[])
RETURNS TABLE (step bigint, take_away tstzrange, removed tstzmultirange, what_is_left tstzmultirange)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    step := 0;
    what_is_left := multirange(whole);
    RETURN NEXT;
    FOREACH take_away IN ARRAY taken LOOP
        step := step + 1;
        removed := what_is_left * coalesce(multirange(take_away), '{}');
        what_is_left := what_is_left - removed;
        RETURN NEXT;
    END LOOP;
END
$body$;

-- The steps of one resource are these of its key, which the view has at hand.
CREATE OR REPLACE FUNCTION public.slotcalc_free_of_key(
    key bigint, within tstzrange, before interval, after interval, seats bigint, active text[], ignoring text[]
) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
DECLARE
    needed ALIAS FOR seats;
    low timestamptz := coalesce(lower(within), '-infinity');
    high timestamptz := coalesce(upper(within), 'infinity');
    reach_low timestamptz := (low AT TIME ZONE 'UTC' - after) AT TIME ZONE 'UTC';
    reach_high timestamptz := (high AT TIME ZONE 'UTC' + before) AT TIME ZONE 'UTC';
    left_out bigint[] := ARRAY(  -- by key, since the index by time includes no ids
        SELECT booking_key FROM public.slotcalc_bookings WHERE resource_key = key AND booking_id = ANY (ignoring)
    );
    roomiest bigint;
    offered tstzmultirange;
    taken tstzmultirange;
BEGIN
    IF needed < 1 OR before < '0' OR after < '0' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'seats is less than 1, or a buffer is negative';
    END IF;
    -- The ends are compared beside `during`, because under row-level security only these comparisons may use an index.
    -- Else the index by time answers alone, since it includes every column that is asked for.
    SELECT max(capacity), range_agg(during) INTO roomiest, offered
    FROM public.slotcalc_slots
    WHERE int8range(resource_key, resource_key, '[]') = int8range(key, key, '[]') AND during && within
        AND resource_key = key AND end_at >= low AND start_at <= high AND capacity >= needed;
    IF offered IS NULL THEN
        RETURN '{}';
    END IF;
    IF roomiest = needed THEN  -- any booking takes the last seat, so nothing has to be counted
        SELECT range_agg(tstzrange((start_at AT TIME ZONE 'UTC' - before) AT TIME ZONE 'UTC',
                                   (end_at AT TIME ZONE 'UTC' + after) AT TIME ZONE 'UTC')) INTO taken
        FROM public.slotcalc_bookings
        WHERE int8range(resource_key, resource_key, '[]') = int8range(key, key, '[]')
            AND during && tstzrange(reach_low, reach_high)
            AND resource_key = key AND end_at > reach_low AND start_at < reach_high
            AND status = ANY (active) AND booking_key <> ALL (left_out);
        RETURN offered * multirange(within) - coalesce(taken, '{}');
    END IF;
    -- Overlapping slots offer the larger capacity, overlapping bookings add up: for each capacity, what is too full.
    -- What is MATERIALIZED would else be computed again for each capacity.
    RETURN (
        WITH offers AS (
            SELECT capacity, range_agg(during) AS times
            FROM public.slotcalc_slots
            WHERE int8range(resource_key, resource_key, '[]') = int8range(key, key, '[]') AND during && within
                AND resource_key = key AND end_at >= low AND start_at <= high AND capacity >= needed
            GROUP BY capacity
        ), claims AS (
            SELECT (start_at AT TIME ZONE 'UTC' - before) AT TIME ZONE 'UTC' AS start_at,
                (end_at AT TIME ZONE 'UTC' + after) AT TIME ZONE 'UTC' AS end_at, seats
            FROM public.slotcalc_bookings
            WHERE int8range(resource_key, resource_key, '[]') = int8range(key, key, '[]')
                AND during && tstzrange(reach_low, reach_high)
                AND resource_key = key AND end_at > reach_low AND start_at < reach_high
                AND status = ANY (active) AND booking_key <> ALL (left_out)
        ), steps AS (
            SELECT at, sum(seats) AS seats
            FROM (SELECT start_at, seats FROM claims UNION ALL SELECT end_at, -seats FROM claims) AS edge (at, seats)
            GROUP BY at
        ), levels AS MATERIALIZED (
            SELECT tstzrange(at, lead(at) OVER in_order) AS during, sum(seats) OVER in_order AS seats
            FROM steps WINDOW in_order AS (ORDER BY at)
        ), full_times AS MATERIALIZED (
            SELECT offers.capacity, range_agg(levels.during) AS times
            FROM offers JOIN levels ON levels.seats > offers.capacity - needed
            GROUP BY offers.capacity
        )
        SELECT coalesce(range_agg(piece), '{}') * multirange(within)
        FROM offers LEFT JOIN full_times ON full_times.capacity = offers.capacity,
            unnest(offers.times - coalesce(full_times.times, '{}')) AS piece
    );
END
$body$;

CREATE OR REPLACE FUNCTION public.slotcalc_free(
    resource text,
    within tstzrange,
    before interval DEFAULT '0',
    after interval DEFAULT '0',
    seats bigint DEFAULT 1,
    active text[] DEFAULT '{TENTATIVE,CONFIRMED}',
    ignoring text[] DEFAULT '{}',
    tenant text DEFAULT ''
) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
DECLARE
    of_tenant ALIAS FOR tenant;
    key bigint := (
        SELECT resource_key FROM public.slotcalc_resources WHERE tenant = of_tenant AND resource_id = resource
    );
BEGIN
    RETURN coalesce(public.slotcalc_free_of_key(key, within, before, after, seats, active, ignoring), '{}');
END
$body$;

-- A midnight that the clocks show twice is the first of the two; of one that they jump over, the day begins with the
-- jump.
CREATE OR REPLACE FUNCTION public.slotcalc_day_start(day date, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    midnight timestamp := day;
    utc timestamptz := midnight AT TIME ZONE 'UTC';
    day_before timestamptz := utc - interval '24 hours';
    day_after timestamptz := utc + interval '24 hours';
    first_guess timestamptz := utc - ((day_before AT TIME ZONE zone) - (day_before AT TIME ZONE 'UTC'));
    second_guess timestamptz := utc - ((day_after AT TIME ZONE zone) - (day_after AT TIME ZONE 'UTC'));
    offset_then interval;
    middle timestamptz;
BEGIN
    IF first_guess AT TIME ZONE zone = midnight THEN
        RETURN first_guess;
    ELSIF second_guess AT TIME ZONE zone = midnight THEN
        RETURN second_guess;
    END IF;
    -- The clocks jump in (second_guess, first_guess], at a whole second.
    offset_then := (second_guess AT TIME ZONE zone) - (second_guess AT TIME ZONE 'UTC');
    WHILE first_guess - second_guess > interval '1 second' LOOP
        middle := date_trunc('second', second_guess + (first_guess - second_guess) / 2);
        IF (middle AT TIME ZONE zone) - (middle AT TIME ZONE 'UTC') = offset_then THEN
            second_guess := middle;
        ELSE
            first_guess := middle;
        END IF;
    END LOOP;
    RETURN first_guess;
END
$body$;

CREATE OR REPLACE FUNCTION public.slotcalc_availability(
    resource text,
    first_date date,
    last_date date,
    zone text,
    before interval DEFAULT '0',
    after interval DEFAULT '0',
    seats bigint DEFAULT 1,
    active text[] DEFAULT '{TENTATIVE,CONFIRMED}',
    ignoring text[] DEFAULT '{}',
    tenant text DEFAULT ''
) RETURNS TABLE (date date, start_at timestamptz, end_at timestamptz, local_start timestamp, local_end timestamp)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $body$
#variable_conflict use_column
BEGIN
    IF last_date < first_date OR last_date - first_date > 36600 THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('%s to %s is no span of at most a century', first_date, last_date);
    END IF;
    RETURN QUERY
    WITH days AS MATERIALIZED (
        SELECT day, tstzrange(public.slotcalc_day_start(day, zone), public.slotcalc_day_start(day + 1, zone)) AS during
        FROM (SELECT first_date + n AS day FROM generate_series(0, last_date - first_date) AS n) AS dates
    ), pieces AS MATERIALIZED (
        SELECT piece
        FROM unnest(public.slotcalc_free(
            resource,
            tstzrange(public.slotcalc_day_start(first_date, zone), public.slotcalc_day_start(last_date + 1, zone)),
            before, after, seats, active, ignoring, tenant
        )) AS piece
    ), parts AS (  -- the day of an instant is its local date, or the next one where the clocks went back over midnight
        SELECT days.day, days.during * pieces.piece AS part
        FROM pieces,
            LATERAL (SELECT (lower(piece) AT TIME ZONE zone)::date AS low,
                            (upper(piece) AT TIME ZONE zone)::date + 1 AS high) AS dates,
            LATERAL generate_series(0, dates.high - dates.low) AS n,
            days
        WHERE days.day = dates.low + n
    )
    SELECT day, lower(part), upper(part), lower(part) AT TIME ZONE zone, upper(part) AT TIME ZONE zone
    FROM parts WHERE NOT isempty(part) ORDER BY lower(part);
END
$body$;

-- A view knows no window, so this one begins at the moment of the query and ends with the last slot; each booking takes
-- its own time and one seat is asked for. Ask it with a tenant and a resource: it computes only those.
-- Before PostgreSQL 15 a view reads with the rights of its owner, past row-level policies, so it is not made there.
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 150000 THEN
        CREATE OR REPLACE VIEW public.slotcalc_free_from_now WITH (security_invoker = true) AS
        SELECT r.tenant, r.resource_id, lower(piece) AS start_at, upper(piece) AS end_at
        FROM public.slotcalc_resources AS r, unnest(public.slotcalc_free_of_key(
            r.resource_key, tstzrange(now(), NULL), '0', '0', 1, '{TENTATIVE,CONFIRMED}', '{}'
        )) AS piece;
    END IF;
END
$do$;
