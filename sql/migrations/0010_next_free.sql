-- migrate:up
-- The search finds the earliest doctor near without looking at all of them: for every service and every part of every
-- opening, an instant before which nothing is free there. It is kept like an index: by triggers, whoever writes, because
-- a single statement that forgot it would hide a doctor from everybody.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE next_free (
    service uuid NOT NULL,                  -- no foreign keys: they would lock rows of those tables at every booking
    opening bigint,                         -- null, part 0 and infinity: the one row that says that the service is offered
    practitioner uuid NOT NULL,
    place integer NOT NULL,
    specialty text NOT NULL,
    modes text[] NOT NULL,
    languages text[] NOT NULL,
    notice interval NOT NULL,
    grid interval NOT NULL,
    part smallint NOT NULL CHECK (part BETWEEN 0 AND 3),    -- of the local day: 1 before 12, 2 before 17, 3 from 17 o'clock
    start timestamptz NOT NULL,             -- nothing is free in this part before; on the opening's grid
    last timestamptz NOT NULL,              -- nor, as far as this row tells, after this
    loose timestamptz                       -- since when it may be too early, for the worker to reckon it anew
);
CREATE INDEX next_free_by_specialty ON next_free (specialty, place, part, start, practitioner);
CREATE INDEX next_free_by_place ON next_free (place, part, start, practitioner);
CREATE INDEX next_free_practitioner ON next_free (practitioner, start);
CREATE INDEX next_free_loose ON next_free (loose) WHERE loose IS NOT NULL;
COMMENT ON TABLE next_free IS 'Lower bounds of free starts, for the search; made of openings and bookings, names nobody. '
    'Retention: until the worker finds that they have passed.';

CREATE TABLE town (
    place integer NOT NULL,
    specialty text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    PRIMARY KEY (place, specialty)
);
COMMENT ON TABLE town IS 'Where a specialty has ever been offered. Retention: kept (public data).';

-- How it stays true while many write. Truth is the first start that no booked appointment covers; holds do not count, so
-- nothing has to happen when they end, and neither do notice, horizon and nearness, so nothing has to happen as time goes.
-- 1. Rows are never changed, only added and deleted. Whatever is free lies in a row, from its start to its last; rows of
--    one part may overlap.
-- 2. Freeing time adds rows, without looking, and so waits for nobody. Taking time replaces the rows that its own snapshot
--    shows, reckoned from that same snapshot: a row that somebody adds meanwhile is not among them and stays.
-- 3. Rows under a rival's hands are left to the rival (SKIP LOCKED): a bound too early costs a look, never a doctor, and
--    the worker finds it, or if the rival was the worker, it is over with its start.
-- 4. Only openings and services (which rows there are at all) and freeing keep out of each other's way, by the lock of
--    hours.lock_openings, which freeing shares: else neither would see the other, and the freed time of a new opening
--    would have no row.

-- The parts of local days that a range covers, one after the other.
CREATE FUNCTION day_parts(during tstzrange, zone text) RETURNS TABLE (part smallint, piece tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT cut.part::smallint, during * whole.piece
        FROM generate_series(date_trunc('day', lower(during) AT TIME ZONE zone), upper(during) AT TIME ZONE zone, '1 day') AS day,
            (VALUES (1, interval '0 h', interval '12 h'), (2, '12 h', '17 h'), (3, '17 h', '24 h')) AS cut (part, since, until)
        CROSS JOIN LATERAL (SELECT tstzrange((day + cut.since) AT TIME ZONE zone, (day + cut.until) AT TIME ZONE zone)) AS whole (piece)
        WHERE during && whole.piece $$;

-- The first and the last start on a service's grid in a piece of an opening, taken or not; none if first > last.
CREATE FUNCTION edges(s service, opening tstzrange, piece tstzrange) RETURNS TABLE (first timestamptz, last timestamptz)
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lower(opening) + s.grid * ceil(extract(epoch FROM lower(piece) - lower(opening)) / seconds)::double precision,
            lower(opening) + s.grid * floor(extract(epoch FROM least(upper(piece) - interval '1 us', upper(opening) - s.duration)
                                                               - lower(opening)) / seconds)::double precision
        FROM (SELECT extract(epoch FROM s.grid)) AS grid (seconds) $$;

-- The first start from `first` to `last` that nothing booked covers, on a day that is not full; null: none. A loop in
-- plpgsql, whose plans are kept: as one statement it costs three times as much.
CREATE FUNCTION first_free(s service, first timestamptz, last timestamptz, zone text) RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    AS $$ DECLARE
        busy tstzmultirange;
        start timestamptz := first;
        day date := (first AT TIME ZONE zone)::date;
    BEGIN
        IF last IS NULL OR first > last THEN
            RETURN NULL;
        END IF;
        SELECT coalesce(range_agg(a.reserved), '{}') INTO busy FROM appointment a
        WHERE a.practitioner = s.practitioner AND a.reserved && tstzrange(first - s.buffer_before, last + s.duration + s.buffer_after)
          AND a.status IN ('booked', 'arrived', 'fulfilled');
        IF s.daily_cap IS NOT NULL AND s.daily_cap <= (
            SELECT count(*) FROM appointment a
            WHERE a.practitioner = s.practitioner AND a.service = s.id AND a.status IN ('booked', 'arrived', 'fulfilled')
              AND a.reserved && tstzrange(day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone)
              AND (lower(a.during) AT TIME ZONE zone)::date = day) THEN
            RETURN NULL;
        END IF;
        WHILE start <= last LOOP
            IF NOT busy && tstzrange(start - s.buffer_before, start + s.duration + s.buffer_after) THEN
                RETURN start;
            END IF;
            start := start + s.grid;
        END LOOP;
        RETURN NULL;
    END $$;

-- The rows that services should have, of some openings or (null) of all. Loose, because somebody may be booking just now.
CREATE FUNCTION bounds(for_services uuid[], in_openings bigint[]) RETURNS SETOF next_free
    LANGUAGE sql VOLATILE
    AS $$ SELECT s.id, bound.opening, p.id, site.place, p.specialty, s.modes, coalesce(s.languages, p.languages), s.notice, s.grid,
            bound.part, bound.start, bound.last, CASE WHEN bound.part > 0 THEN clock_timestamp() END
        FROM service s JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site ON site.id = p.site AND site.active AND site.kind = 'practice'
        CROSS JOIN LATERAL (
            SELECT o.id, cut.part, free.start, edge.last FROM opening o
            CROSS JOIN LATERAL day_parts(o.during, site.zone) AS cut
            CROSS JOIN LATERAL edges(s, o.during, cut.piece) AS edge
            CROSS JOIN LATERAL first_free(s, edge.first, edge.last, site.zone) AS free (start)
            WHERE o.practitioner = p.id AND (in_openings IS NULL OR o.id = ANY (in_openings)) AND free.start IS NOT NULL
            UNION ALL SELECT NULL, 0, 'infinity', 'infinity' WHERE in_openings IS NULL) AS bound (opening, part, start, last)
        WHERE s.id = ANY (for_services) AND s.active $$;

-- Where a start stands in a search, sorted by `earliest` or by `nearest`. Infinity is far, but a number.
CREATE FUNCTION order_keys(sort text, km double precision, start timestamptz)
    RETURNS TABLE (first_key double precision, second_key double precision)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE sort WHEN 'nearest' THEN km ELSE epoch END, CASE sort WHEN 'nearest' THEN epoch ELSE km END
        FROM (SELECT CASE WHEN isfinite(start) THEN extract(epoch FROM start)::double precision ELSE 1e12 END) AS at (epoch) $$;

CREATE FUNCTION lock_openings(of_practitioner uuid) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$ SELECT pg_advisory_xact_lock(hashtextextended('opening ' || of_practitioner, 0)) $$;

-- New openings. Each statement in here has a snapshot of its own, so after the lock it sees whatever the lock waited for.
CREATE FUNCTION next_free_opened() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        whose uuid;
    BEGIN
        FOR whose IN SELECT DISTINCT practitioner FROM added ORDER BY practitioner LOOP
            PERFORM lock_openings(whose);
            INSERT INTO next_free SELECT * FROM bounds(
                ARRAY(SELECT id FROM service WHERE practitioner = whose), ARRAY(SELECT id FROM added WHERE practitioner = whose));
        END LOOP;
        RETURN NULL;
    END $$;

CREATE FUNCTION next_free_closed() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        WITH gone AS (SELECT n.ctid FROM removed JOIN next_free n ON n.practitioner = removed.practitioner
                      AND n.opening = removed.id FOR UPDATE OF n SKIP LOCKED)
        DELETE FROM next_free n USING gone WHERE n.ctid = gone.ctid;
        RETURN NULL;
    END $$;

-- Another service, or another doctor, practice or town for it: all its rows anew.
CREATE FUNCTION renew_next_free(of_practitioner uuid, of_services uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        PERFORM lock_openings(of_practitioner);
        WITH gone AS (SELECT ctid FROM next_free WHERE practitioner = of_practitioner AND service = ANY (of_services)
                      FOR UPDATE SKIP LOCKED)
        DELETE FROM next_free n USING gone WHERE n.ctid = gone.ctid;
        INSERT INTO next_free SELECT * FROM bounds(of_services, NULL);
        INSERT INTO town SELECT place.id, p.specialty, place.lat, place.lon
        FROM practitioner p JOIN site ON site.id = p.site JOIN place ON place.id = site.place
        WHERE p.id = of_practitioner ON CONFLICT DO NOTHING;
    END $$;

CREATE FUNCTION next_free_renewed() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        IF TG_TABLE_NAME = 'service' THEN
            PERFORM renew_next_free(NEW.practitioner, ARRAY[NEW.id]);
        ELSE
            PERFORM renew_next_free(p.id, ARRAY(SELECT id FROM service WHERE practitioner = p.id))
            FROM (SELECT id FROM practitioner
                  WHERE CASE TG_TABLE_NAME WHEN 'site' THEN site = NEW.id ELSE id = NEW.id END ORDER BY id) AS p;
        END IF;
        RETURN NULL;
    END $$;

-- Time of a practitioner that is booked no more: a row from the first start that could use it on.
CREATE FUNCTION next_free_freed() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('opening ' || OLD.practitioner, 0));
        INSERT INTO next_free
        SELECT s.id, o.id, p.id, site.place, p.specialty, s.modes, coalesce(s.languages, p.languages), s.notice, s.grid,
            cut.part, edge.first, edge.last, clock_timestamp()
        FROM service s JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site ON site.id = p.site AND site.active AND site.kind = 'practice'
        CROSS JOIN LATERAL (SELECT date_trunc('day', lower(OLD.during) AT TIME ZONE site.zone)) AS day (local)
        CROSS JOIN LATERAL (SELECT CASE WHEN s.daily_cap IS NOT NULL AND s.id = OLD.service
            THEN tstzrange(day.local AT TIME ZONE site.zone, (day.local + interval '1 day') AT TIME ZONE site.zone)
            ELSE 'empty' END + tstzrange(lower(OLD.reserved) - s.duration - s.buffer_after, upper(OLD.reserved) + s.buffer_before)
            ) AS freed (starts)
        JOIN opening o ON o.practitioner = p.id AND o.during && freed.starts
        CROSS JOIN LATERAL day_parts(o.during, site.zone) AS cut
        CROSS JOIN LATERAL (SELECT cut.piece * freed.starts) AS common (piece)
        CROSS JOIN LATERAL (SELECT inside.first, whole.last FROM edges(s, o.during, common.piece) AS inside,
                                                                 edges(s, o.during, cut.piece) AS whole) AS edge
        WHERE p.id = OLD.practitioner AND s.active AND NOT isempty(OLD.reserved) AND NOT isempty(common.piece)
          AND edge.first <= edge.last AND edge.first <= upper(common.piece);
        RETURN NULL;
    END $$;

-- Rows whose start has just been taken, or whose day has become full, by rows that start later. They may be too early
-- all the same, because of a rival that is not seen yet; so the worker looks at them again when that must be over.
CREATE FUNCTION next_free_taken() RETURNS trigger
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        touched tid[];
    BEGIN
        SELECT array_agg(n.ctid) INTO touched FROM next_free n JOIN service s ON s.id = n.service
        WHERE n.practitioner = NEW.practitioner
          AND n.start > lower(NEW.reserved) - interval '1 day' AND n.start < upper(NEW.reserved) + interval '1 day'
          AND (NEW.reserved && tstzrange(n.start - s.buffer_before, n.start + s.duration + s.buffer_after)
               OR (s.daily_cap IS NOT NULL AND s.id = NEW.service));
        IF touched IS NULL THEN     -- most bookings take no kept start; to find that out costs a fifth of what follows
            RETURN NULL;
        END IF;
        WITH hit AS MATERIALIZED (SELECT n.ctid AS row, n.* FROM next_free n WHERE n.ctid = ANY (touched)),
        mine AS MATERIALIZED (
            SELECT n.ctid AS row FROM hit JOIN next_free n ON n.ctid = hit.row FOR UPDATE OF n SKIP LOCKED),
        gone AS (DELETE FROM next_free n USING mine WHERE n.ctid = mine.row)
        INSERT INTO next_free
        SELECT DISTINCT hit.service, hit.opening, hit.practitioner, hit.place, hit.specialty, hit.modes, hit.languages,
            hit.notice, hit.grid, hit.part, free.start, hit.last, clock_timestamp()
        FROM hit JOIN service s ON s.id = hit.service JOIN practitioner p ON p.id = s.practitioner
        JOIN site ON site.id = p.site
        CROSS JOIN LATERAL first_free(s, hit.start, hit.last, site.zone) AS free (start)
        WHERE free.start IS NOT NULL;
        RETURN NULL;
    END $$;

-- The worker's part, in good time: rows that are loose since before `settled`, and rows whose start will be over before
-- `soon`, reckoned anew. How many there were. Nobody who was writing at `settled` may still be at it: seconds ago is enough.
-- A start that will be over soon gets a row of its own, which ends with it, and the next one another: else at every half
-- hour thousands of rows would be too early at once, and every search would have to look behind each of them.
-- All else is written as it is now: a practice may have moved while a rival held the row.
CREATE FUNCTION tighten_next_free(at timestamptz, soon timestamptz, settled timestamptz, most integer) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$ DECLARE
        found integer;
    BEGIN
        WITH due AS MATERIALIZED (
            SELECT ctid AS row FROM next_free WHERE loose < settled
            UNION
            SELECT n.ctid FROM (SELECT DISTINCT place FROM town) AS t CROSS JOIN unnest('{1,2,3}'::smallint[]) AS part
            CROSS JOIN LATERAL (SELECT ctid FROM next_free
                WHERE place = t.place AND next_free.part = part.part AND start < soon + interval '1 day' AND start < soon + notice
                  AND (start < last OR last < at + notice)) AS n
            LIMIT most),
        hit AS MATERIALIZED (
            SELECT n.ctid AS row, n.* FROM due JOIN next_free n ON n.ctid = due.row FOR UPDATE OF n SKIP LOCKED),
        gone AS (DELETE FROM next_free n USING hit WHERE n.ctid = hit.row),
        anew AS (
            INSERT INTO next_free
            SELECT DISTINCT s.id, o.id, p.id, site.place, p.specialty, s.modes, coalesce(s.languages, p.languages),
                s.notice, s.grid, hit.part, piece.start, piece.last, NULL::timestamptz
            FROM hit JOIN service s ON s.id = hit.service AND s.active
            JOIN practitioner p ON p.id = s.practitioner AND p.active
            JOIN site ON site.id = p.site AND site.active AND site.kind = 'practice' JOIN opening o ON o.id = hit.opening
            CROSS JOIN LATERAL edges(s, o.during, tstzrange(greatest(hit.start, at + s.notice), NULL)) AS since
            CROSS JOIN LATERAL first_free(s, since.first, hit.last, site.zone) AS free (start)
            CROSS JOIN LATERAL (
                SELECT free.start, CASE WHEN free.start < soon + s.notice THEN free.start ELSE hit.last END
                UNION ALL
                SELECT first_free(s, free.start + s.grid, hit.last, site.zone), hit.last
                WHERE free.start < soon + s.notice) AS piece (start, last)
            WHERE piece.start IS NOT NULL)
        SELECT count(*) INTO found FROM hit;
        RETURN found;
    END $$;

CREATE TRIGGER next_free_opened AFTER INSERT ON opening REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION next_free_opened();
CREATE TRIGGER next_free_closed AFTER DELETE ON opening REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION next_free_closed();
REVOKE UPDATE ON opening FROM telemed_app;      -- openings come and go; one that changed would be noticed by nobody

CREATE TRIGGER next_free_service_new AFTER INSERT ON service FOR EACH ROW EXECUTE FUNCTION next_free_renewed();
CREATE TRIGGER next_free_service AFTER UPDATE ON service FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION next_free_renewed();
CREATE TRIGGER next_free_practitioner AFTER UPDATE ON practitioner FOR EACH ROW
    WHEN ((OLD.site, OLD.specialty, OLD.languages, OLD.active) IS DISTINCT FROM (NEW.site, NEW.specialty, NEW.languages, NEW.active))
    EXECUTE FUNCTION next_free_renewed();
CREATE TRIGGER next_free_site AFTER UPDATE ON site FOR EACH ROW
    WHEN ((OLD.place, OLD.zone, OLD.kind, OLD.active) IS DISTINCT FROM (NEW.place, NEW.zone, NEW.kind, NEW.active))
    EXECUTE FUNCTION next_free_renewed();

-- Freed before taken: triggers of one event run in the order of their names.
CREATE TRIGGER next_free_freed AFTER UPDATE ON appointment FOR EACH ROW
    WHEN (OLD.status IN ('booked', 'arrived', 'fulfilled')
          AND NOT (NEW.status IN ('booked', 'arrived', 'fulfilled') AND NEW.reserved = OLD.reserved))
    EXECUTE FUNCTION next_free_freed();
CREATE TRIGGER next_free_deleted AFTER DELETE ON appointment FOR EACH ROW
    WHEN (OLD.status IN ('booked', 'arrived', 'fulfilled')) EXECUTE FUNCTION next_free_freed();
CREATE TRIGGER next_free_taken AFTER INSERT ON appointment FOR EACH ROW
    WHEN (NEW.status IN ('booked', 'arrived', 'fulfilled')) EXECUTE FUNCTION next_free_taken();
CREATE TRIGGER next_free_taken_now AFTER UPDATE ON appointment FOR EACH ROW
    WHEN (NEW.status IN ('booked', 'arrived', 'fulfilled')
          AND NOT (OLD.status IN ('booked', 'arrived', 'fulfilled') AND NEW.reserved = OLD.reserved))
    EXECUTE FUNCTION next_free_taken();

INSERT INTO next_free SELECT bounds.* FROM bounds(ARRAY(SELECT id FROM service), NULL) AS bounds;
INSERT INTO town SELECT DISTINCT place.id, p.specialty, place.lat, place.lon
FROM practitioner p JOIN site ON site.id = p.site JOIN place ON place.id = site.place;

REVOKE EXECUTE ON FUNCTION next_free_opened, next_free_closed, renew_next_free, next_free_renewed, next_free_freed,
    next_free_taken, tighten_next_free FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tighten_next_free TO telemed_app;
GRANT SELECT ON next_free, town TO telemed_app;

-- migrate:down
SELECT 'forward only';
