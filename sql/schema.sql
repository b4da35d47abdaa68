CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);
CREATE FUNCTION public.admission(for_service uuid, in_mode text, patient bytea, at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT CASE
            WHEN s.patients = 'all' AND NOT s.first_assessment THEN NULL
            WHEN s.patients = 'new' AND them.known THEN 'for_new_patients'
            WHEN s.patients = 'known' AND NOT them.known THEN 'for_known_patients'
            WHEN s.first_assessment AND in_mode <> 'in_person' AND NOT them.known AND NOT them.assessed
                THEN 'assessment_first' END
        FROM service s JOIN practitioner p ON p.id = s.practitioner
        CROSS JOIN LATERAL (SELECT
            EXISTS (SELECT FROM assessment WHERE site = p.site AND patient_key = patient AND result = 'known')
            OR EXISTS (SELECT FROM appointment WHERE site = p.site AND patient_key = patient AND status = 'fulfilled') AS known,
            EXISTS (SELECT FROM assessment WHERE site = p.site AND patient_key = patient AND result = 'video'
                    AND decided > at - interval '1 year') AS assessed) AS them
        WHERE s.id = for_service $$;
CREATE FUNCTION public.appointment_by_code(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT id FROM appointment WHERE code_digest = digest $$;
CREATE FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT a.id, a.idempotency_digest FROM appointment a WHERE a.idempotency_key = key $$;
CREATE FUNCTION public.ask_assessment(new_id uuid, for_service uuid, patient bytea, name text, born date, number text, in_language text, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH wanted AS (
            SELECT s.id AS service, p.site FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site
            WHERE s.id = for_service AND s.active AND p.active AND site.active
              AND (s.first_assessment OR s.patients = 'known')),
          noted AS (
            INSERT INTO assessment (id, site, service, patient_key, patient_name, birth_date, phone, language, asked)
            SELECT new_id, site, service, patient, name, born, number, in_language, at FROM wanted
            ON CONFLICT (site, patient_key) DO UPDATE SET service = excluded.service, patient_name = excluded.patient_name,
                birth_date = excluded.birth_date, phone = excluded.phone, language = excluded.language,
                asked = CASE WHEN assessment.patient_name IS NOT NULL THEN assessment.asked
                             ELSE greatest(excluded.asked, assessment.decided + interval '1 microsecond') END
            RETURNING site),
          audited AS (
            INSERT INTO audit (at, role, person, site, verb)
            SELECT at, caller_role(), caller_person(), site, 'assessment.ask' FROM noted)
          SELECT EXISTS (SELECT FROM wanted) $$;
CREATE FUNCTION public.blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid, for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamp with time zone) RETURNS TABLE(resource text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT found.resource, found.status = 'held' AND found.expires <= at
        FROM (SELECT 'practitioner' AS resource, id, status, expires FROM appointment
              WHERE practitioner = for_practitioner AND reserved && its_reserved
                AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'station', id, status, expires FROM appointment
              WHERE station = for_station AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'assistant', id, status, expires FROM appointment
              WHERE assistant = for_assistant AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
              UNION ALL
              SELECT 'patient', id, status, expires FROM appointment
              WHERE patient_key = for_patient AND during && its_during AND status IN ('held', 'booked', 'arrived', 'fulfilled')
             ) AS found
        WHERE found.id IS DISTINCT FROM except_appointment $$;
CREATE TABLE public.next_free (
    service uuid NOT NULL,
    opening bigint,
    practitioner uuid NOT NULL,
    place integer NOT NULL,
    specialty text NOT NULL,
    modes text[] NOT NULL,
    languages text[] NOT NULL,
    notice interval NOT NULL,
    grid interval NOT NULL,
    part smallint NOT NULL,
    start timestamp with time zone NOT NULL,
    last timestamp with time zone NOT NULL,
    loose timestamp with time zone,
    CONSTRAINT next_free_part_check CHECK (((part >= 0) AND (part <= 3)))
);
COMMENT ON TABLE public.next_free IS 'Lower bounds of free starts, for the search; made of openings and bookings, names nobody. Retention: until the worker finds that they have passed.';
CREATE FUNCTION public.bounds(for_services uuid[], in_openings bigint[]) RETURNS SETOF public.next_free
    LANGUAGE sql
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
CREATE FUNCTION public.call_off_rides(of_appointment uuid, at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH off AS (
            UPDATE ride_request SET called_off = call_off_rides.at
            WHERE appointment = of_appointment AND called_off IS NULL RETURNING ride_request AS it)
        SELECT tell_operator(it, call_off_rides.at) FROM off $$;
CREATE FUNCTION public.caller_appointment() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.appointment', true), '')::uuid $$;
CREATE FUNCTION public.caller_entry() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.entry', true), '')::uuid $$;
CREATE FUNCTION public.caller_now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('telemed.now', true), '')::timestamptz, now()) $$;
CREATE FUNCTION public.caller_pairing() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.pairing', true), '')::uuid $$;
CREATE FUNCTION public.caller_person() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.person', true), '')::uuid $$;
CREATE FUNCTION public.caller_role() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.role', true), '') $$;
CREATE FUNCTION public.caller_site() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.site', true), '')::uuid $$;
CREATE FUNCTION public.caller_station() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.station', true), '')::uuid $$;
CREATE TABLE public.appointment (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    service uuid NOT NULL,
    site uuid NOT NULL,
    station uuid,
    station_site uuid,
    assistant uuid,
    mode text NOT NULL,
    status text NOT NULL,
    during tstzrange NOT NULL,
    reserved tstzrange NOT NULL,
    expires timestamp with time zone,
    extended boolean DEFAULT false NOT NULL,
    code_digest bytea,
    epoch integer DEFAULT 1 NOT NULL,
    patient_name text,
    birth_date date,
    patient_key bytea,
    email text,
    phone text,
    language text DEFAULT 'de'::text NOT NULL,
    booked_by uuid,
    idempotency_key text,
    idempotency_digest bytea,
    override_reason text,
    cancelled_by text,
    consent_version text,
    consented timestamp with time zone,
    admitted timestamp with time zone,
    created timestamp with time zone DEFAULT now() NOT NULL,
    changed timestamp with time zone DEFAULT now() NOT NULL,
    carer_name text,
    near boolean DEFAULT true NOT NULL,
    follow_up_of uuid,
    kept_outside boolean DEFAULT false NOT NULL,
    cap_day date,
    cap_place smallint,
    forgotten timestamp with time zone,
    CONSTRAINT appointment_cancelled_by_check CHECK ((cancelled_by = ANY (ARRAY['patient'::text, 'practice'::text, 'site'::text]))),
    CONSTRAINT appointment_check CHECK (((reserved @> during) OR (expires = '-infinity'::timestamp with time zone) OR (isempty(reserved) AND (override_reason IS NOT NULL)))),
    CONSTRAINT appointment_check1 CHECK (((status <> 'held'::text) OR (expires IS NOT NULL))),
    CONSTRAINT appointment_check3 CHECK (((station IS NULL) = (station_site IS NULL))),
    CONSTRAINT appointment_check4 CHECK (((mode = 'assisted'::text) = (station IS NOT NULL))),
    CONSTRAINT appointment_check5 CHECK (((consent_version IS NULL) = (consented IS NULL))),
    CONSTRAINT appointment_check6 CHECK (((idempotency_key IS NULL) = (idempotency_digest IS NULL))),
    CONSTRAINT appointment_check7 CHECK ((num_nulls(cap_day, cap_place) = ANY (ARRAY[0, 2]))),
    CONSTRAINT appointment_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during)))),
    CONSTRAINT appointment_forgotten CHECK (((forgotten IS NULL) OR ((num_nonnulls(patient_name, birth_date, patient_key, code_digest, email, phone, carer_name, booked_by, assistant, consent_version, consented, admitted, follow_up_of, idempotency_key, idempotency_digest) = 0) AND (COALESCE(override_reason, ''::text) = ''::text)))),
    CONSTRAINT appointment_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT appointment_mode_check CHECK ((mode = ANY (ARRAY['video'::text, 'assisted'::text, 'in_person'::text]))),
    CONSTRAINT appointment_names CHECK (((forgotten IS NOT NULL) OR (status <> ALL (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text, 'noshow'::text])) OR (num_nulls(patient_name, birth_date, patient_key, code_digest) = 0))),
    CONSTRAINT appointment_status_check CHECK ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text, 'cancelled'::text, 'noshow'::text, 'expired'::text])))
);
COMMENT ON TABLE public.appointment IS 'A hold or a booked time, with the little that is known of the patient (B-02). Retention: a hold two days; names and contact 90 days after its end; then kept, naming nobody.';
CREATE FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, new_day date, new_place smallint, key text, digest bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ DECLARE
        claimed uuid;
        moves boolean := new_during <> of_appointment.during;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, cap_day, cap_place, idempotency_key, idempotency_digest)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                CASE WHEN moves THEN of_appointment.station END, CASE WHEN moves THEN of_appointment.station_site END,
                CASE WHEN moves THEN of_appointment.assistant END, CASE WHEN moves THEN of_appointment.mode ELSE 'video' END,
                'held', '-infinity', new_reserved, new_during, new_patient, new_day, new_place, key, digest)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;
CREATE FUNCTION public.claim_again(of_appointment public.appointment) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ DECLARE
        claimed uuid;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, cap_day, cap_place, override_reason)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                of_appointment.station, of_appointment.station_site, of_appointment.assistant, of_appointment.mode,
                'held', '-infinity', of_appointment.reserved, of_appointment.during, of_appointment.patient_key,
                of_appointment.cap_day, of_appointment.cap_place, of_appointment.override_reason)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;
CREATE TABLE public.site (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    street text NOT NULL,
    postal_code text NOT NULL,
    town text NOT NULL,
    place integer NOT NULL,
    state text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    phone text NOT NULL,
    zone text DEFAULT 'Europe/Berlin'::text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    reminders smallint[] DEFAULT '{72,24,2}'::smallint[] NOT NULL,
    on_holidays boolean DEFAULT false NOT NULL,
    near_minutes smallint,
    near_share smallint DEFAULT 0 NOT NULL,
    near_until interval DEFAULT '2 days'::interval NOT NULL,
    head_start interval DEFAULT '00:00:00'::interval NOT NULL,
    CONSTRAINT site_head_start_check CHECK (((head_start >= '00:00:00'::interval) AND (head_start <= '30 days'::interval))),
    CONSTRAINT site_kind_check CHECK ((kind = ANY (ARRAY['practice'::text, 'pharmacy'::text, 'hub'::text]))),
    CONSTRAINT site_name_check CHECK ((name <> ''::text)),
    CONSTRAINT site_near_minutes_check CHECK (((near_minutes >= 5) AND (near_minutes <= 240))),
    CONSTRAINT site_near_share_check CHECK (((near_share >= 0) AND (near_share <= 100))),
    CONSTRAINT site_near_until_check CHECK (((near_until >= '00:00:00'::interval) AND (near_until <= '30 days'::interval))),
    CONSTRAINT site_reminders_check CHECK ((reminders <@ '{72,24,2}'::smallint[]))
);
COMMENT ON TABLE public.site IS 'An address where people are: practice, pharmacy or hub. Retention: kept.';
CREATE TABLE public.waitlist_entry (
    id uuid NOT NULL,
    service uuid NOT NULL,
    practitioner uuid NOT NULL,
    site uuid NOT NULL,
    mode text NOT NULL,
    station uuid,
    patient_name text NOT NULL,
    birth_date date NOT NULL,
    patient_key bytea NOT NULL,
    email text,
    phone text,
    language text DEFAULT 'de'::text NOT NULL,
    carer_name text,
    near boolean NOT NULL,
    weekdays smallint[],
    since_time time without time zone,
    until_time time without time zone,
    from_date date,
    until_date date,
    short_notice interval NOT NULL,
    appointment uuid,
    status text DEFAULT 'waiting'::text NOT NULL,
    code_digest bytea NOT NULL,
    idempotency_key text,
    idempotency_digest bytea,
    added_by uuid,
    created timestamp with time zone NOT NULL,
    changed timestamp with time zone NOT NULL,
    CONSTRAINT waitlist_entry_check CHECK ((num_nonnulls(email, phone) > 0)),
    CONSTRAINT waitlist_entry_check1 CHECK (((mode = 'assisted'::text) = (station IS NOT NULL))),
    CONSTRAINT waitlist_entry_check2 CHECK ((since_time < until_time)),
    CONSTRAINT waitlist_entry_check3 CHECK ((from_date <= until_date)),
    CONSTRAINT waitlist_entry_check4 CHECK (((idempotency_key IS NULL) = (idempotency_digest IS NULL))),
    CONSTRAINT waitlist_entry_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT waitlist_entry_mode_check CHECK ((mode = ANY (ARRAY['video'::text, 'assisted'::text, 'in_person'::text]))),
    CONSTRAINT waitlist_entry_short_notice_check CHECK (((short_notice >= '00:15:00'::interval) AND (short_notice <= '14 days'::interval))),
    CONSTRAINT waitlist_entry_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'booked'::text, 'withdrawn'::text, 'over'::text]))),
    CONSTRAINT waitlist_entry_weekdays_check CHECK (((weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]) AND (cardinality(weekdays) > 0)))
);
COMMENT ON TABLE public.waitlist_entry IS 'Who waits for an earlier time, and which times would suit; names a person, no reason (B-02). Retention: ends after a year at the latest; 30 days after it ends.';
CREATE FUNCTION public.comes_later(of_site public.site, e public.waitlist_entry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT of_site.near_minutes IS NOT NULL AND (of_site.near_share > 0 OR of_site.head_start > '0') AND NOT e.near $$;
CREATE FUNCTION public.day_parts(during tstzrange, zone text) RETURNS TABLE(part smallint, piece tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT cut.part::smallint, during * whole.piece
        FROM generate_series(date_trunc('day', lower(during) AT TIME ZONE zone), upper(during) AT TIME ZONE zone, '1 day') AS day,
            (VALUES (1, interval '0 h', interval '12 h'), (2, '12 h', '17 h'), (3, '17 h', '24 h')) AS cut (part, since, until)
        CROSS JOIN LATERAL (SELECT tstzrange((day + cut.since) AT TIME ZONE zone, (day + cut.until) AT TIME ZONE zone)) AS whole (piece)
        WHERE during && whole.piece $$;
CREATE FUNCTION public.day_place(for_service uuid, start timestamp with time zone, moving uuid, at timestamp with time zone) RETURNS TABLE(cap_day date, cap_place smallint, stale boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ DECLARE
        cap smallint;
        whose uuid;
        local date;
        day tstzrange;
    BEGIN
        SELECT s.daily_cap, s.practitioner, (start AT TIME ZONE site.zone)::date,
               tstzrange((start AT TIME ZONE site.zone)::date::timestamp AT TIME ZONE site.zone,
                         ((start AT TIME ZONE site.zone)::date + 1)::timestamp AT TIME ZONE site.zone)
        INTO cap, whose, local, day
        FROM service s JOIN practitioner p ON p.id = s.practitioner JOIN site ON site.id = p.site WHERE s.id = for_service;
        IF NOT FOUND THEN RETURN; END IF;
        IF cap IS NULL THEN RETURN QUERY SELECT NULL::date, NULL::smallint, false; RETURN; END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('day ' || whose, 0));
        RETURN QUERY
            WITH there AS (
                SELECT a.id, a.cap_day, a.cap_place, a.status = 'held' AND a.expires <= at AS over FROM appointment a
                WHERE a.practitioner = whose AND a.reserved && day AND lower(a.during) <@ day AND a.service = for_service
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled')),
            counted AS (SELECT count(*) AS all_of_them, count(*) FILTER (WHERE over) AS over FROM there)
            SELECT there.cap_day, there.cap_place, false FROM there WHERE there.id = moving
            UNION ALL
            SELECT local, (SELECT min(n)::smallint FROM generate_series(1, 200) AS n
                           WHERE NOT EXISTS (SELECT FROM there WHERE there.cap_place = n)), counted.all_of_them >= cap
            FROM counted
            WHERE counted.all_of_them - counted.over < cap AND NOT EXISTS (SELECT FROM there WHERE there.id = moving);
    END $$;
CREATE FUNCTION public.doctors_on_call(at timestamp with time zone) RETURNS TABLE(id uuid, specialty text, sites uuid[], until timestamp with time zone, length interval, answering boolean, taken tstzmultirange)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT p.id, p.specialty, (SELECT array_agg(site) FROM partner WHERE practice = o.site), o.until, s.duration,
            EXISTS (SELECT FROM walk_in WHERE walk_in.practitioner = p.id AND status = 'offered'), taken(p.id, NULL, at)
        FROM on_call o JOIN practitioner p ON p.id = o.practitioner JOIN service s ON s.id = o.service
        WHERE is_there(o, at) OR o.until > at AND in_a_room(p.id, at) ORDER BY o.since, p.id $$;
CREATE TABLE public.service (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    name_de text NOT NULL,
    name_en text NOT NULL,
    duration interval NOT NULL,
    buffer_before interval DEFAULT '00:00:00'::interval NOT NULL,
    buffer_after interval DEFAULT '00:00:00'::interval NOT NULL,
    notice interval DEFAULT '00:10:00'::interval NOT NULL,
    horizon interval DEFAULT '30 days'::interval NOT NULL,
    grid interval NOT NULL,
    modes text[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    patients text DEFAULT 'all'::text NOT NULL,
    languages text[],
    daily_cap smallint,
    first_assessment boolean DEFAULT false NOT NULL,
    cancel_until interval DEFAULT '00:00:00'::interval NOT NULL,
    CONSTRAINT service_buffer_after_check CHECK (((buffer_after >= '00:00:00'::interval) AND (buffer_after <= '04:00:00'::interval))),
    CONSTRAINT service_buffer_before_check CHECK (((buffer_before >= '00:00:00'::interval) AND (buffer_before <= '04:00:00'::interval))),
    CONSTRAINT service_cancel_until_check CHECK (((cancel_until >= '00:00:00'::interval) AND (cancel_until <= '7 days'::interval))),
    CONSTRAINT service_daily_cap_check CHECK (((daily_cap >= 1) AND (daily_cap <= 200))),
    CONSTRAINT service_duration_check CHECK (((duration >= '00:05:00'::interval) AND (duration <= '08:00:00'::interval))),
    CONSTRAINT service_grid_check CHECK (((grid >= '00:05:00'::interval) AND (grid <= '08:00:00'::interval))),
    CONSTRAINT service_horizon_check CHECK (((horizon >= '1 day'::interval) AND (horizon <= '366 days'::interval))),
    CONSTRAINT service_modes_check CHECK (((modes <@ '{video,assisted,in_person}'::text[]) AND (cardinality(modes) > 0))),
    CONSTRAINT service_name_de_check CHECK ((name_de <> ''::text)),
    CONSTRAINT service_name_en_check CHECK ((name_en <> ''::text)),
    CONSTRAINT service_notice_check CHECK (((notice >= '00:00:00'::interval) AND (notice <= '90 days'::interval))),
    CONSTRAINT service_patients_check CHECK ((patients = ANY (ARRAY['new'::text, 'known'::text, 'all'::text])))
);
COMMENT ON TABLE public.service IS 'What can be booked with a practitioner. Retention: kept.';
CREATE FUNCTION public.edges(s public.service, opening tstzrange, piece tstzrange) RETURNS TABLE(first timestamp with time zone, last timestamp with time zone)
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT lower(opening) + s.grid * ceil(extract(epoch FROM lower(piece) - lower(opening)) / seconds)::double precision,
            lower(opening) + s.grid * floor(extract(epoch FROM least(upper(piece) - interval '1 us', upper(opening) - s.duration)
                                                               - lower(opening)) / seconds)::double precision
        FROM (SELECT extract(epoch FROM s.grid)) AS grid (seconds) $$;
CREATE FUNCTION public.enqueue(entrypoint text, payload text, due timestamp with time zone DEFAULT now(), dedupe text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    AS $$ WITH waiting AS (
            SELECT id FROM pgqueuer
            WHERE enqueue.dedupe IS NOT NULL AND headers ->> 'dedupe' = enqueue.dedupe AND status = 'queued'
              AND headers IS NOT NULL AND pgqueuer.entrypoint = enqueue.entrypoint AND execute_after <= due
            LIMIT 1 FOR SHARE SKIP LOCKED)
        INSERT INTO pgqueuer (priority, execute_after, status, entrypoint, payload, headers)
        SELECT 0, due, 'queued', enqueue.entrypoint, convert_to(enqueue.payload, 'UTF8'),
               CASE WHEN enqueue.dedupe IS NOT NULL THEN jsonb_build_object('dedupe', enqueue.dedupe) END
        WHERE NOT EXISTS (SELECT FROM waiting) $$;
CREATE FUNCTION public.entry_by_code(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT id FROM waitlist_entry WHERE code_digest = digest $$;
CREATE FUNCTION public.entry_by_key(key text, OUT id uuid, OUT digest bytea) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT e.id, e.idempotency_digest FROM waitlist_entry e WHERE e.idempotency_key = key $$;
CREATE FUNCTION public.feed_entries(secret_digest bytea, since timestamp with time zone) RETURNS TABLE(id uuid, start timestamp with time zone, "end" timestamp with time zone, mode text, initials text, epoch integer, changed timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT a.id, lower(a.during), upper(a.during), a.mode,
            (SELECT string_agg(upper(left(part, 1)) || '.', ' ' ORDER BY place)
             FROM regexp_split_to_table(a.patient_name, '[[:space:]-]+') WITH ORDINALITY AS parts (part, place)
             WHERE part ~ '[[:alpha:]]'),
            a.epoch, a.changed
        FROM feed JOIN appointment a ON a.practitioner = feed.practitioner
        WHERE feed.digest = secret_digest AND feed.revoked IS NULL
          AND a.status IN ('booked', 'arrived', 'fulfilled') AND upper(a.during) > since
        ORDER BY lower(a.during), a.id $$;
CREATE FUNCTION public.first_free(s public.service, first timestamp with time zone, last timestamp with time zone, zone text) RETURNS timestamp with time zone
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
CREATE FUNCTION public.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;
    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;
    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;
END;
$$;
CREATE FUNCTION public.folded(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT replace(replace(replace(replace(translate(lower(name), 'äöüéèêáàâóòôúùûíìîçñłńśźżęąć-', 'aoueeeaaaooouuuiiicnlnszzeac '),
                                         'ß', 'ss'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u') $$;
CREATE FUNCTION public.forget_audit(are_brief boolean, before timestamp with time zone, many bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ DECLARE
        until timestamptz := least(before, now() - CASE WHEN are_brief THEN interval '7 days' ELSE interval '1 year' END);
        gone integer;
    BEGIN
        IF are_brief THEN
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit
                WHERE of_connection(verb) AND at < until AND id <= (SELECT max(last) FROM seal)
                ORDER BY id LIMIT many FOR UPDATE SKIP LOCKED);
        ELSE
            DELETE FROM audit WHERE id IN (
                SELECT id FROM audit
                WHERE NOT of_connection(verb) AND id <= (SELECT max(last) FROM seal WHERE seal.at < until)
                ORDER BY id LIMIT many FOR UPDATE SKIP LOCKED);
        END IF;
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN gone;
    END $$;
CREATE FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, for_service uuid, on_day date, at timestamp with time zone) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH stale AS (
            SELECT id FROM appointment
            WHERE status = 'held' AND expires <= at
              AND (practitioner = for_practitioner AND reserved && within OR station = for_station AND during && within
                   OR on_day IS NOT NULL AND service = for_service AND (cap_day = on_day OR cap_day IS NULL))
            FOR UPDATE SKIP LOCKED),
          freed AS (UPDATE appointment SET status = 'expired', changed = at FROM stale
                    WHERE appointment.id = stale.id RETURNING 1)
          SELECT count(*)::integer FROM freed $$;
CREATE FUNCTION public.free_starts(for_services uuid[], are_near boolean[], for_station uuid, for_assistant uuid, for_patient bytea, weekdays smallint[], since_time time without time zone, until_time time without time zone, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) RETURNS TABLE(service uuid, start timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT s.id, free.start
        FROM unnest(for_services, are_near) AS wanted (id, is_near)
        JOIN service s ON s.id = wanted.id AND s.active
        JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site practice ON practice.id = p.site AND practice.active
        CROSS JOIN LATERAL (SELECT greatest(earliest, at + s.notice) AS since, least(latest, at + s.horizon) AS until) AS reach
        CROSS JOIN LATERAL (
            SELECT candidate.start
            FROM opening o
            CROSS JOIN LATERAL (
                SELECT coalesce(range_agg(a.reserved), '{}') AS times FROM appointment a
                WHERE a.practitioner = o.practitioner
                  AND a.reserved && tstzrange(lower(o.during) - s.buffer_before, upper(o.during) + s.buffer_after)
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
            ) AS busy
            CROSS JOIN LATERAL (
                SELECT coalesce(range_agg(a.during), '{}') AS times FROM appointment a
                WHERE (a.station = for_station OR a.assistant = for_assistant OR a.patient_key = for_patient)
                  AND a.during && o.during
                  AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
            ) AS others_busy
            CROSS JOIN LATERAL (    -- of the opening's local days; an aggregate, so that it is asked once an opening
                SELECT coalesce(array_agg(local), '{}') AS days FROM (
                    SELECT (lower(a.during) AT TIME ZONE practice.zone)::date AS local FROM appointment a
                    WHERE s.daily_cap IS NOT NULL AND a.practitioner = s.practitioner AND a.service = s.id
                      AND a.reserved && tstzrange(lower(o.during) - interval '25 hours', upper(o.during) + interval '25 hours')
                      AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
                    GROUP BY 1 HAVING count(*) >= s.daily_cap) AS day) AS fully_booked
            CROSS JOIN LATERAL (    -- OFFSET: asked once an opening, not for each candidate
                SELECT CASE WHEN for_station IS NULL OR caller_role() = 'assistant' THEN '{(,)}'::tstzmultirange
                            ELSE station_open(for_station, o.during) END AS times OFFSET 0) AS there
            CROSS JOIN LATERAL generate_series(
                lower(o.during) + s.grid * greatest(0, ceil(
                    extract(epoch FROM reach.since - lower(o.during)) / extract(epoch FROM s.grid))::double precision),
                upper(o.during) - s.duration, s.grid) AS candidate (start)
            WHERE o.practitioner = s.practitioner AND lower(o.during) < reach.until AND upper(o.during) > reach.since
              AND candidate.start < reach.until
              AND NOT busy.times && tstzrange(candidate.start - s.buffer_before, candidate.start + s.duration + s.buffer_after)
              AND NOT others_busy.times && tstzrange(candidate.start, candidate.start + s.duration)
              AND (for_station IS NULL OR there.times @> tstzrange(candidate.start, candidate.start + s.duration))
              AND (wanted.is_near OR practice.near_minutes IS NULL
                   OR opens_to_all(practice, s, start_number(o.during, candidate.start, s.grid), candidate.start) <= at)
              AND (weekdays IS NULL OR extract(isodow FROM candidate.start AT TIME ZONE practice.zone) = ANY (weekdays))
              AND (since_time IS NULL OR (candidate.start AT TIME ZONE practice.zone)::time >= since_time)
              AND (until_time IS NULL OR (candidate.start AT TIME ZONE practice.zone)::time < until_time)
              AND (s.daily_cap IS NULL
                   OR (candidate.start AT TIME ZONE practice.zone)::date <> ALL (fully_booked.days))
            ORDER BY lower(o.during), candidate.start
            LIMIT each
        ) AS free $$;
CREATE FUNCTION public.hand_on(of_walk_in uuid, as_urgent boolean, at timestamp with time zone) RETURNS TABLE(id uuid, site uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ UPDATE walk_in w SET status = 'waiting', practitioner = NULL, handed_on = w.handed_on || w.practitioner,
            urgent = w.urgent OR as_urgent, changed = at
        FROM practitioner p WHERE w.id = of_walk_in AND w.status = 'offered' AND p.id = w.practitioner
          AND caller_role() = 'practitioner' AND p.person = caller_person() AND p.site = caller_site()
        RETURNING w.id, w.site $$;
CREATE FUNCTION public.here_since(a public.appointment) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$ SELECT max(one.joined) FROM attendance one
        WHERE one.appointment = a.id AND one.seat = 'patient'
          AND EXISTS (SELECT FROM attendance still WHERE still.appointment = a.id AND still.seat = 'patient' AND still."left" IS NULL)
          AND NOT EXISTS (SELECT FROM attendance before WHERE before.appointment = a.id AND before.seat = 'patient'
                          AND before.joined < one.joined
                          AND (before."left" IS NULL OR before."left" > one.joined - interval '5 min')) $$;
CREATE FUNCTION public.in_a_room(of_practitioner uuid, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT EXISTS (
        SELECT FROM appointment a JOIN attendance ON attendance.appointment = a.id
        WHERE a.practitioner = of_practitioner AND a.status IN ('booked', 'arrived')
          AND a.during && tstzrange(at - interval '4 h', at + interval '12 h') AND seat = 'practitioner' AND "left" IS NULL) $$;
CREATE FUNCTION public.inside(a public.appointment) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM seating WHERE seating.appointment = a.id AND seating.epoch = a.epoch
                         AND seat = 'patient' AND state = 'admitted') $$;
CREATE FUNCTION public.introduced(at_appointment uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT coalesce(min(array_remove(ARRAY[taken_in_by(at_appointment), representative], NULL)), '{}')
        FROM intake WHERE appointment = at_appointment $$;
CREATE TABLE public.pairing (
    id uuid NOT NULL,
    code_digest bytea,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    station uuid,
    site uuid,
    paired timestamp with time zone,
    paired_by uuid,
    serial integer DEFAULT 0 NOT NULL,
    badge text,
    advanced timestamp with time zone,
    seen timestamp with time zone,
    ended timestamp with time zone,
    ended_by uuid,
    why text,
    gateway boolean DEFAULT false NOT NULL,
    CONSTRAINT pairing_check CHECK ((num_nulls(station, site, paired, paired_by) = ANY (ARRAY[0, 4]))),
    CONSTRAINT pairing_check1 CHECK (((ended IS NULL) = (why IS NULL))),
    CONSTRAINT pairing_why_check CHECK ((why = ANY (ARRAY['staff'::text, 'copied'::text])))
);
COMMENT ON TABLE public.pairing IS 'Which browser is a station''s screen, which process its gateway. Retention: a code two days; 90 days after its end.';
CREATE FUNCTION public.is_genuine(p public.pairing, shown_serial integer, shown text, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT coalesce(shown_serial = p.serial + 1 OR shown_serial = p.serial AND shown = p.badge
                          OR shown_serial IN (p.serial - 1, p.serial) AND at < p.advanced + interval '20 s'
                          OR shown_serial = p.serial - 1 AND p.seen < p.advanced + interval '1 min', false) $$;
CREATE TABLE public.on_call (
    practitioner uuid NOT NULL,
    site uuid NOT NULL,
    service uuid NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    seen timestamp with time zone NOT NULL,
    CONSTRAINT on_call_check CHECK ((until > since))
);
COMMENT ON TABLE public.on_call IS 'Which doctors are there for walk-ins now. Retention: two days after the end.';
CREATE FUNCTION public.is_there(o public.on_call, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT o.until > at AND o.seen > at - interval '90 s' $$;
CREATE FUNCTION public.kept_for_near(n bigint, share smallint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (n + 1) * share / 100 > n * share / 100 $$;
CREATE FUNCTION public.leave_elsewhere(patient bytea, at timestamp with time zone) RETURNS TABLE(id uuid, site uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ UPDATE walk_in w SET status = 'left', changed = at
        WHERE w.patient_key = patient AND w.status = 'waiting' AND caller_role() = 'assistant' AND w.site <> caller_site()
        RETURNING w.id, w.site $$;
CREATE FUNCTION public.lock_openings(of_practitioner uuid) RETURNS void
    LANGUAGE sql
    AS $$ SELECT pg_advisory_xact_lock(hashtextextended('opening ' || of_practitioner, 0)) $$;
CREATE FUNCTION public.lock_walk_ins() RETURNS void
    LANGUAGE sql
    AS $$ SELECT pg_advisory_xact_lock(hashtextextended('walk-ins', 0)) $$;
CREATE FUNCTION public.month_figures(in_month date) RETURNS TABLE(walk_ins bigint, consultations bigint, wait interval, checked bigint, broken bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT CASE WHEN w.came >= 5 THEN w.came END, CASE WHEN c.held >= 5 THEN c.held END,
            CASE WHEN w.called_in >= 5 THEN w.waited / w.called_in END, s.checked, s.broken
        FROM site
        CROSS JOIN LATERAL (SELECT in_month::timestamp AT TIME ZONE zone AS since,
            (in_month + interval '1 month') AT TIME ZONE zone AS until) AS span
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(part.came), 0)::bigint AS came, coalesce(sum(part.called_in), 0)::bigint AS called_in,
                   coalesce(sum(part.waited), '0') AS waited
            FROM (SELECT m.came, m.called_in, m.waited FROM walk_in_month m WHERE m.site = site.id AND m.month = in_month
                  UNION ALL
                  SELECT 1, (walk_in.status = 'accepted')::integer,
                         CASE WHEN walk_in.status = 'accepted' THEN walk_in.changed - walk_in.came ELSE '0' END
                  FROM walk_in WHERE walk_in.site = site.id AND walk_in.came >= span.since AND walk_in.came < span.until) AS part) AS w
        CROSS JOIN LATERAL (
            SELECT count(*) AS held FROM appointment a WHERE a.station_site = site.id AND a.status = 'fulfilled'
              AND lower(a.during) >= span.since AND lower(a.during) < span.until) AS c
        CROSS JOIN LATERAL (
            SELECT count(*) AS checked, count(*) FILTER (WHERE 'bad' IN (k.camera, k.microphone, k.line)) AS broken
            FROM station_check k JOIN station ON station.id = k.station
            WHERE station.site = site.id AND k.day >= in_month AND k.day < in_month + interval '1 month') AS s
        WHERE caller_role() = 'assistant' AND site.id = caller_site() $$;
CREATE FUNCTION public.moved_to(a public.appointment, start timestamp with time zone, OUT during tstzrange, OUT reserved tstzrange) RETURNS record
    LANGUAGE sql STABLE
    AS $$ SELECT tstzrange(start, start + (upper(a.during) - lower(a.during))),
        CASE WHEN isempty(a.reserved) THEN (
            SELECT tstzrange(start - s.buffer_before, start + (upper(a.during) - lower(a.during)) + s.buffer_after)
            FROM service s WHERE s.id = a.service)
        ELSE tstzrange(
            start - (lower(a.during) - lower(a.reserved)), start + (upper(a.reserved) - lower(a.during))) END $$;
CREATE FUNCTION public.next_free_closed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ BEGIN
        WITH gone AS (SELECT n.ctid FROM removed JOIN next_free n ON n.practitioner = removed.practitioner
                      AND n.opening = removed.id FOR UPDATE OF n SKIP LOCKED)
        DELETE FROM next_free n USING gone WHERE n.ctid = gone.ctid;
        RETURN NULL;
    END $$;
CREATE FUNCTION public.next_free_freed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.next_free_opened() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.next_free_renewed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.next_free_taken() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.of_connection(verb text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT verb LIKE 'seat.%' OR verb LIKE 'consultation.%' $$;
CREATE FUNCTION public.offer_walk_in(to_practitioner uuid, at timestamp with time zone) RETURNS TABLE(id uuid, site uuid)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH next AS (
            SELECT w.id FROM on_call o JOIN practitioner p ON p.id = o.practitioner
            JOIN walk_in w ON w.status = 'waiting' AND w.specialty = p.specialty AND NOT p.id = ANY (w.handed_on)
                AND works_with(o.site, w.site)
            WHERE o.practitioner = to_practitioner AND is_there(o, at)
              AND NOT EXISTS (SELECT FROM walk_in other WHERE other.practitioner = p.id AND other.status = 'offered')
              AND NOT taken(p.id, NULL, at) && tstzrange(at, at + interval '5 min')
              AND NOT EXISTS (SELECT FROM walk_in other WHERE other.station = w.station AND other.status = 'offered')
              AND NOT taken(NULL, w.station, at) && tstzrange(at, at + interval '5 min')
            ORDER BY w.urgent DESC, w.came, w.id LIMIT 1)
        UPDATE walk_in SET status = 'offered', practitioner = to_practitioner, changed = at FROM next
        WHERE walk_in.id = next.id RETURNING walk_in.id, walk_in.site $$;
CREATE FUNCTION public.opens_to_all(of_site public.site, s public.service, n bigint, start timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN of_site.near_minutes IS NULL THEN '-infinity' ELSE greatest(
            start - greatest(s.horizon - of_site.head_start, interval '1 day'),
            CASE WHEN kept_for_near(n, of_site.near_share) THEN start - of_site.near_until ELSE '-infinity' END) END $$;
CREATE FUNCTION public.order_keys(sort text, km double precision, start timestamp with time zone) RETURNS TABLE(first_key double precision, second_key double precision)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE sort WHEN 'nearest' THEN km ELSE epoch END, CASE sort WHEN 'nearest' THEN epoch ELSE km END
        FROM (SELECT CASE WHEN isfinite(start) THEN extract(epoch FROM start)::double precision ELSE 1e12 END) AS at (epoch) $$;
CREATE FUNCTION public.pair(digest bytea, with_station uuid, at timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ UPDATE pairing SET station = room.id, site = room.site, paired = at, paired_by = caller_person(), code_digest = NULL
        FROM station room
        WHERE pairing.code_digest = digest AND pairing.expires > at AND pairing.station IS NULL
          AND room.id = with_station AND room.active AND caller_role() = 'assistant' AND room.site = caller_site()
        RETURNING pairing.id $$;
CREATE FUNCTION public.paired() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT EXISTS (SELECT FROM pairing WHERE id = caller_pairing() AND station = caller_station() AND ended IS NULL) $$;
CREATE FUNCTION public.present(a public.appointment, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'patient'
                         AND coalesce("left", 'infinity') > at - interval '2 min') $$;
CREATE FUNCTION public.read_feed(secret_digest bytea, at timestamp with time zone) RETURNS TABLE(practitioner uuid, name text, site_name text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ BEGIN
        UPDATE feed SET last_read = at
        WHERE digest = secret_digest AND revoked IS NULL AND (last_read IS NULL OR last_read < at - interval '5 min');
        RETURN QUERY SELECT p.id, concat_ws(' ', nullif(p.title, ''), p.name), site.name
            FROM feed JOIN practitioner p ON p.id = feed.practitioner AND p.active
            JOIN site ON site.id = p.site AND site.active
            WHERE feed.digest = secret_digest AND feed.revoked IS NULL;
    END $$;
CREATE FUNCTION public.refill(of_practitioner uuid, of_station uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT enqueue('offer', them.practitioner::text, now(), 'offer ' || them.practitioner)
        FROM (SELECT DISTINCT practitioner FROM waitlist_entry
              WHERE status = 'waiting' AND (practitioner = of_practitioner OR station = of_station)) AS them $$;
CREATE FUNCTION public.renew_next_free(of_practitioner uuid, of_services uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.ride_letter(of_request uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT status FROM notice WHERE ride = of_request AND kind = 'ride' $$;
CREATE FUNCTION public.ride_site(of_appointment uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT coalesce(a.station_site, before.station_site)
        FROM appointment a LEFT JOIN appointment before ON before.id = a.follow_up_of
        WHERE a.id = of_appointment AND (NOT EXISTS (SELECT FROM walk_in WHERE walk_in.id = a.id)
            OR EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'practitioner')) $$;
CREATE FUNCTION public.shown(a public.appointment) RETURNS TABLE(id uuid, status text, mode text, start timestamp with time zone, "end" timestamp with time zone, expires timestamp with time zone, extended boolean, service uuid, service_name_de text, service_name_en text, practitioner uuid, practitioner_title text, practitioner_name text, specialty text, site uuid, site_name text, site_town text, site_phone text, zone text, station uuid, station_name text, station_site uuid, assistant uuid, place_name text, place_street text, place_postal_code text, place_town text, place_phone text, patient_name text, birth_date date, email text, phone text, language text, carer_name text, booked_by uuid, near boolean, follow_up_of uuid, override_reason text, kept_outside boolean, changeable_until timestamp with time zone, cancelled_by text, consent_version text, consented timestamp with time zone, admitted timestamp with time zone, epoch integer, created timestamp with time zone, changed timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$ SELECT a.id, a.status, a.mode, lower(a.during), upper(a.during), a.expires, a.extended,
            s.id, s.name_de, s.name_en, p.id, p.title, p.name, p.specialty,
            site.id, site.name, site.town, site.phone, site.zone,
            a.station, station.name, a.station_site, a.assistant,
            place.name, place.street, place.postal_code, place.town, place.phone,
            a.patient_name, a.birth_date,
            CASE WHEN caller_role() <> 'assistant' OR a.id = caller_appointment() THEN a.email END,
            CASE WHEN caller_role() <> 'assistant' OR a.id = caller_appointment() THEN a.phone END,
            a.language, a.carer_name, a.booked_by,
            a.near, a.follow_up_of, a.override_reason, a.kept_outside, lower(a.during) - s.cancel_until,
            a.cancelled_by, a.consent_version, a.consented, a.admitted, a.epoch, a.created, a.changed
        FROM service s
        JOIN practitioner p ON p.id = a.practitioner
        JOIN site ON site.id = a.site
        LEFT JOIN station ON station.id = a.station
        LEFT JOIN site AS place ON place.id = CASE a.mode WHEN 'assisted' THEN a.station_site WHEN 'in_person' THEN a.site END
        WHERE s.id = a.service $$;
CREATE FUNCTION public.shown(e public.waitlist_entry) RETURNS TABLE(id uuid, status text, mode text, service uuid, service_name_de text, service_name_en text, duration interval, practitioner uuid, practitioner_title text, practitioner_name text, site uuid, site_name text, site_town text, site_phone text, zone text, station uuid, station_name text, place_name text, place_street text, place_postal_code text, place_town text, place_phone text, patient_name text, birth_date date, email text, phone text, language text, carer_name text, near boolean, weekdays smallint[], since_time time without time zone, until_time time without time zone, from_date date, until_date date, short_notice interval, appointment uuid, offer uuid, offer_status text, offer_start timestamp with time zone, offer_end timestamp with time zone, offer_expires timestamp with time zone, offer_channel text, hold uuid, created timestamp with time zone, changed timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$ SELECT e.id, e.status, e.mode, s.id, s.name_de, s.name_en, s.duration, p.id, p.title, p.name,
            site.id, site.name, site.town, site.phone, site.zone, e.station, station.name,
            place.name, place.street, place.postal_code, place.town, place.phone,
            e.patient_name, e.birth_date, e.email, e.phone, e.language, e.carer_name, e.near,
            e.weekdays, e.since_time, e.until_time, e.from_date, e.until_date, e.short_notice,
            e.appointment, o.id, o.status, o.start, o.start + s.duration, o.expires, o.channel, o.appointment, e.created, e.changed
        FROM service s
        JOIN practitioner p ON p.id = e.practitioner
        JOIN site ON site.id = e.site
        LEFT JOIN station ON station.id = e.station
        LEFT JOIN site AS place ON place.id = CASE e.mode WHEN 'assisted' THEN station.site WHEN 'in_person' THEN e.site END
        LEFT JOIN LATERAL (SELECT * FROM offer WHERE offer.entry = e.id ORDER BY offer.status = 'open' DESC, created DESC, id DESC
                           LIMIT 1) AS o ON true
        WHERE s.id = e.service $$;
CREATE FUNCTION public.site_day(of_site uuid) RETURNS tstzrange
    LANGUAGE sql STABLE
    AS $$ SELECT tstzrange(local::timestamp AT TIME ZONE zone, (local + 1)::timestamp AT TIME ZONE zone)
        FROM site CROSS JOIN LATERAL (SELECT (caller_now() AT TIME ZONE zone)::date) AS today (local) WHERE site.id = of_site $$;
CREATE FUNCTION public.slot(for_service uuid, start timestamp with time zone, in_mode text, at_station uuid, is_near boolean, at timestamp with time zone) RETURNS TABLE(service uuid, practitioner uuid, site uuid, station uuid, station_site uuid, during tstzrange, reserved tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT s.id, p.id, p.site, station.id, station.site, tstzrange(start, start + s.duration),
            tstzrange(start - s.buffer_before, start + s.duration + s.buffer_after)
        FROM service s
        JOIN practitioner p ON p.id = s.practitioner
        JOIN site practice ON practice.id = p.site
        LEFT JOIN station ON station.id = at_station AND station.active
        WHERE s.id = for_service AND s.active AND p.active AND practice.active
          AND in_mode = ANY (s.modes) AND (in_mode = 'assisted') = (station.id IS NOT NULL)
          AND (station.id IS NULL OR caller_role() = 'assistant'
               OR station_open(station.id, tstzrange(start, start + s.duration)) @> tstzrange(start, start + s.duration))
          AND start >= at + s.notice AND start < at + s.horizon
          AND EXISTS (SELECT FROM opening o
              WHERE o.practitioner = p.id AND o.during @> tstzrange(start, start + s.duration)
                AND mod(extract(epoch FROM start - lower(o.during)), extract(epoch FROM s.grid)) = 0
                AND (is_near OR opens_to_all(practice, s, start_number(o.during, start, s.grid), start) <= at)) $$;
CREATE FUNCTION public.start_number(opening tstzrange, start timestamp with time zone, grid interval) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM start - lower(opening)) / extract(epoch FROM grid))::bigint $$;
CREATE FUNCTION public.station_busy(since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(station uuid, practice uuid, start timestamp with time zone, "end" timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT a.station, a.site, lower(a.during), upper(a.during) FROM appointment a
        WHERE caller_role() = 'assistant' AND a.station_site = caller_site()
          AND lower(a.during) >= since AND lower(a.during) < until AND a.status IN ('booked', 'arrived')
        ORDER BY lower(a.during), a.station $$;
CREATE FUNCTION public.station_open(of_station uuid, within tstzrange) RETURNS tstzmultirange
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT CASE
            WHEN EXISTS (SELECT FROM site_hours WHERE site = station.site)
                OR EXISTS (SELECT FROM closure WHERE site = station.site AND practitioner IS NULL)
            THEN (SELECT coalesce(range_agg(o.during), '{}') FROM site_opening o
                  WHERE o.site = station.site AND o.during && within)
            ELSE '{(,)}'::tstzmultirange END
        FROM station WHERE station.id = of_station $$;
CREATE TABLE public.notice (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    appointment uuid,
    entry uuid,
    site uuid NOT NULL,
    kind text NOT NULL,
    cause text NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    start timestamp with time zone NOT NULL,
    due timestamp with time zone NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    last_error text,
    message text,
    message_id text,
    created timestamp with time zone NOT NULL,
    sent timestamp with time zone,
    corrected smallint DEFAULT 0 NOT NULL,
    ride uuid,
    CONSTRAINT notice_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'phone'::text]))),
    CONSTRAINT notice_check CHECK ((num_nonnulls(appointment, entry) >= 1)),
    CONSTRAINT notice_check1 CHECK (((ride IS NOT NULL) = (kind = ANY (ARRAY['ride'::text, 'ride_off'::text])))),
    CONSTRAINT notice_kind_check CHECK ((kind = ANY (ARRAY['booked'::text, 'moved'::text, 'cancelled'::text, 'reminder_72h'::text, 'reminder_24h'::text, 'reminder_2h'::text, 'follow_up'::text, 'offer'::text, 'ride'::text, 'ride_off'::text]))),
    CONSTRAINT notice_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT notice_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'dead'::text, 'dropped'::text, 'done'::text])))
);
COMMENT ON TABLE public.notice IS 'What a patient is told, when and how; without address. Retention: 90 days after it was due; of a ride, with the ride.';
CREATE FUNCTION public.still_true(n public.notice, a public.appointment, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT n.start > at AND CASE n.kind
        WHEN 'cancelled' THEN a.status = 'cancelled'
        WHEN 'offer' THEN a.status = 'held' AND a.expires > at
        WHEN 'reminder_24h' THEN a.status IN ('booked', 'arrived') AND lower(a.during) = n.start AND a.mode = 'video'
            AND NOT EXISTS (SELECT FROM precheck WHERE precheck.appointment = a.id)
        ELSE a.status IN ('booked', 'arrived') AND lower(a.during) = n.start END $$;
CREATE FUNCTION public.substitutions(of_practitioner uuid, at timestamp with time zone) RETURNS TABLE(start timestamp with time zone, "end" timestamp with time zone, yearly boolean, substitute uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT lower(c.during), upper(c.during), c.yearly, p.id, concat_ws(' ', nullif(p.title, ''), p.name)
        FROM closure c JOIN practitioner p ON p.id = c.substitute AND p.active
        WHERE c.practitioner = of_practitioner AND (c.yearly OR upper(c.during) > at) $$;
CREATE FUNCTION public.suiting(e public.waitlist_entry, of_site public.site, at timestamp with time zone, each integer) RETURNS TABLE(start timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$ SELECT found.start FROM free_starts(
            ARRAY[e.service], ARRAY[e.near], e.station, NULL, e.patient_key, e.weekdays, e.since_time, e.until_time,
            greatest(at + e.short_notice, e.from_date::timestamp AT TIME ZONE of_site.zone),
            least((e.until_date + 1)::timestamp AT TIME ZONE of_site.zone,
                  (SELECT lower(a.during) FROM appointment a WHERE a.id = e.appointment), 'infinity'),
            at, each) AS found $$;
CREATE FUNCTION public.taken(of_practitioner uuid, of_station uuid, at timestamp with time zone) RETURNS tstzmultirange
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT coalesce(range_agg(CASE
            WHEN still.there THEN tstzrange(lower(a.during), greatest(upper(a.during), at + interval '5 min'))
            WHEN a.practitioner = of_practitioner AND NOT isempty(a.reserved) THEN a.reserved ELSE a.during END), '{}')
        FROM appointment a
        CROSS JOIN LATERAL (    -- a call may take longer than it should
            SELECT a.status = 'arrived' AND EXISTS (SELECT FROM attendance WHERE appointment = a.id AND "left" IS NULL
                AND seat = CASE WHEN a.practitioner = of_practitioner THEN 'practitioner' ELSE 'patient' END) AS there) AS still
        WHERE (a.practitioner = of_practitioner OR a.station = of_station)
          AND a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at)
          AND a.during && tstzrange(at - interval '4 h', at + interval '12 h')
          AND (upper(a.during) > at OR upper(a.reserved) > at OR still.there) $$;
CREATE FUNCTION public.taken_in(of_appointment uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT EXISTS (SELECT FROM intake JOIN appointment a ON a.id = intake.appointment
        WHERE a.id = of_appointment AND was_for(intake, a)) $$;
CREATE FUNCTION public.taken_in_by(of_appointment uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT concat_ws(', ', person.name, site.name, site.town) FROM intake JOIN person ON person.id = intake.taken_by
        LEFT JOIN site ON site.id = person.site WHERE intake.appointment = of_appointment $$;
CREATE FUNCTION public.tell(a public.appointment, kind text, at timestamp with time zone, message text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT call_off_rides(a.id, tell.at) WHERE tell.kind IN ('moved', 'cancelled');
        WITH meant AS (
            SELECT tell.kind, at AS due, concat_ws(' ', tell.kind, a.id, CASE WHEN tell.kind = 'moved' THEN a.epoch END) AS cause
            UNION ALL
            SELECT reminder.kind, reminder.due, concat_ws(' ', reminder.kind, a.id, extract(epoch FROM lower(a.during))::bigint)
            FROM site CROSS JOIN unnest(site.reminders) AS hours
            CROSS JOIN LATERAL (SELECT 'reminder_' || hours || 'h', lower(a.during) - hours * interval '1 hour') AS reminder (kind, due)
            WHERE site.id = a.site AND tell.kind IN ('booked', 'moved', 'follow_up') AND reminder.due > at + interval '1 hour'
              AND (hours <> 24 OR a.mode = 'video')),
        contact AS (SELECT a.email IS NOT NULL AS email, coalesce(a.phone ~ '^\+491[567]', false) AS mobile),
        written AS (
            INSERT INTO notice (appointment, site, kind, cause, channel, language, start, due, message, created)
            SELECT a.id, a.site, meant.kind, meant.cause, way.channel, a.language, lower(a.during), meant.due, tell.message, at
            FROM meant CROSS JOIN contact CROSS JOIN LATERAL (
                SELECT 'email' AS channel WHERE contact.email
                UNION ALL
                SELECT 'sms' WHERE contact.mobile
                    AND (NOT contact.email OR meant.kind IN ('moved', 'cancelled', 'reminder_2h'))
                UNION ALL
                SELECT 'phone' WHERE NOT contact.email AND NOT contact.mobile AND meant.kind IN ('moved', 'cancelled')
                    AND caller_role() IN ('practitioner', 'staff', 'system')) AS way
            ON CONFLICT (cause, channel) DO NOTHING
            RETURNING id, channel, due)
        SELECT enqueue('notice', id::text, CASE WHEN due <= at THEN now() ELSE due END, 'notice ' || id)
        FROM written WHERE channel <> 'phone' $$;
CREATE TABLE public.offer (
    id uuid NOT NULL,
    entry uuid NOT NULL,
    practitioner uuid NOT NULL,
    site uuid NOT NULL,
    appointment uuid NOT NULL,
    start timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    channel text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    created timestamp with time zone NOT NULL,
    decided timestamp with time zone,
    CONSTRAINT offer_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'phone'::text]))),
    CONSTRAINT offer_check CHECK (((status = 'open'::text) = (decided IS NULL))),
    CONSTRAINT offer_status_check CHECK ((status = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'expired'::text, 'lost'::text])))
);
COMMENT ON TABLE public.offer IS 'A time held for one place on the waiting list. Retention: with its entry.';
CREATE FUNCTION public.tell_offer(o public.offer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH written AS (
            INSERT INTO notice (appointment, entry, site, kind, cause, channel, language, start, due, created)
            SELECT o.appointment, o.entry, o.site, 'offer', 'offer ' || o.id, o.channel, e.language, o.start, o.created, o.created
            FROM waitlist_entry e WHERE e.id = o.entry AND o.channel <> 'phone'
            ON CONFLICT (cause, channel) DO NOTHING
            RETURNING id)
        SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM written $$;
CREATE TABLE public.ride_request (
    id uuid NOT NULL,
    appointment uuid NOT NULL,
    ride uuid NOT NULL,
    leg text NOT NULL,
    at timestamp with time zone NOT NULL,
    consent_version text NOT NULL,
    consented timestamp with time zone NOT NULL,
    asked_by uuid,
    called_off timestamp with time zone,
    CONSTRAINT ride_request_leg_check CHECK ((leg = ANY (ARRAY['there'::text, 'home'::text])))
);
COMMENT ON TABLE public.ride_request IS 'Rides that patients asked for. Retention: two days after the ride.';
CREATE FUNCTION public.tell_operator(r public.ride_request, at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH written AS (
            INSERT INTO notice (appointment, site, ride, kind, cause, channel, language, start, due, created)
            SELECT a.id, a.site, r.id, kind, kind || ' ' || r.id, 'email', 'de', r.at, tell_operator.at, tell_operator.at
            FROM appointment a CROSS JOIN (SELECT CASE WHEN r.called_off IS NULL THEN 'ride' ELSE 'ride_off' END) AS what (kind)
            WHERE a.id = r.appointment
            ON CONFLICT (cause, channel) DO NOTHING RETURNING id)
        SELECT enqueue('notice', id::text, now(), 'notice ' || id) FROM written $$;
CREATE FUNCTION public.tidy_walk_ins(at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT lock_walk_ins();
    DELETE FROM on_call o USING walk_in w
        WHERE w.practitioner = o.practitioner AND w.status = 'offered' AND w.changed < at - interval '2 min';
    WITH never AS (
        DELETE FROM appointment a USING walk_in w
        WHERE a.id = w.id AND w.status = 'accepted' AND w.changed < at - interval '2 min' AND a.status IN ('booked', 'arrived')
          AND lower(a.during) = w.changed   -- as accepted, not moved
          AND NOT EXISTS (SELECT FROM attendance WHERE attendance.appointment = a.id AND seat = 'practitioner')
          AND NOT EXISTS (SELECT FROM on_call o WHERE o.practitioner = w.practitioner AND is_there(o, at))
        RETURNING a.id, a.epoch + 1 AS epoch),
    unlisted AS (
        UPDATE waitlist_entry e SET appointment = NULL, changed = at,
            status = CASE e.status WHEN 'waiting' THEN 'over' ELSE e.status END
        FROM never WHERE e.appointment = never.id),
    gone AS (
        SELECT id, epoch FROM never
        UNION ALL
        SELECT id, epoch FROM walk_in w WHERE status = 'offered' AND NOT EXISTS (
            SELECT FROM on_call o WHERE o.practitioner = w.practitioner AND is_there(o, at))),
    back AS (
        UPDATE walk_in w SET practitioner = NULL, changed = at, epoch = gone.epoch, status = CASE WHEN EXISTS (
                SELECT FROM walk_in again WHERE again.patient_key = w.patient_key AND again.id <> w.id
                    AND (again.came, again.id) > (w.came, w.id) AND again.status IN ('waiting', 'offered', 'accepted'))
            THEN 'left' ELSE 'waiting' END
        FROM gone WHERE w.id = gone.id RETURNING w.id, w.site)
    SELECT pg_notify('walk_in', site::text), pg_notify('appointment_changed', id::text) FROM back;
    UPDATE walk_in SET status = 'left', changed = at
        WHERE status = 'waiting' AND came < at - interval '4 h' AND NOT came <@ site_day(site);
    UPDATE appointment a SET during = tstzrange(lower(a.during), now_over), reserved = tstzrange(lower(a.during), now_over)
        FROM (SELECT w.id, greatest(a.changed, lower(a.during) + interval '1 s') AS now_over
              FROM walk_in w JOIN appointment a ON a.id = w.id
              WHERE w.status = 'accepted' AND a.status = 'fulfilled' AND upper(a.during) > at) AS over
        WHERE a.id = over.id AND now_over < upper(a.during)
    $$;
CREATE FUNCTION public.tighten_next_free(at timestamp with time zone, soon timestamp with time zone, settled timestamp with time zone, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
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
CREATE FUNCTION public.trained(at_site uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT count(*) FROM training t JOIN person ON person.id = t.person
        WHERE person.site = at_site AND person.active AND t.topic = 'telemedicine' $$;
CREATE FUNCTION public.undeliverable(e public.waitlist_entry, way text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM notice n JOIN offer o ON o.appointment = n.appointment
                         WHERE o.entry = e.id AND n.channel = way AND n.status = 'dead') $$;
CREATE TABLE public.walk_in (
    id uuid NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    station uuid NOT NULL,
    site uuid NOT NULL,
    specialty text NOT NULL,
    assisting boolean NOT NULL,
    patient_name text,
    birth_date date,
    patient_key bytea,
    code_digest bytea,
    language text NOT NULL,
    came timestamp with time zone NOT NULL,
    urgent boolean DEFAULT false NOT NULL,
    status text NOT NULL,
    practitioner uuid,
    handed_on uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    reason text,
    changed timestamp with time zone NOT NULL,
    added_by uuid,
    idempotency_key text,
    idempotency_digest bytea,
    CONSTRAINT walk_in_check CHECK (((status <> ALL (ARRAY['waiting'::text, 'offered'::text])) OR (num_nulls(patient_name, birth_date, patient_key, code_digest) = 0))),
    CONSTRAINT walk_in_check1 CHECK (((practitioner IS NULL) = (status = ANY (ARRAY['waiting'::text, 'left'::text])))),
    CONSTRAINT walk_in_check2 CHECK (((reason IS NULL) = (status <> 'declined'::text))),
    CONSTRAINT walk_in_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT walk_in_reason_check CHECK ((reason = ANY (ARRAY['practice'::text, 'emergency'::text, 'specialty'::text]))),
    CONSTRAINT walk_in_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'offered'::text, 'accepted'::text, 'declined'::text, 'left'::text])))
);
COMMENT ON TABLE public.walk_in IS 'Who waits at a station for the next free doctor. Retention: all of it two days after the last change.';
CREATE FUNCTION public.walk_in_time(w public.walk_in, length interval, at timestamp with time zone) RETURNS tstzrange
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT tstzrange(at, greatest(at, least(at + length, min(lower(CASE
            WHEN a.practitioner = w.practitioner AND NOT isempty(a.reserved) THEN a.reserved ELSE a.during END)))))
        FROM appointment a
        WHERE a.status IN ('held', 'booked', 'arrived', 'fulfilled') AND (a.status <> 'held' OR a.expires > at) AND (
            a.practitioner = w.practitioner AND a.reserved && tstzrange(at, at + length)
            OR (a.station = w.station OR a.patient_key = w.patient_key) AND a.during && tstzrange(at, at + length)) $$;
CREATE FUNCTION public.walk_ins_waiting(at timestamp with time zone) RETURNS TABLE(id uuid, specialty text, site uuid, station uuid, handed_on uuid[], taken tstzmultirange)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT w.id, w.specialty, w.site, w.station, w.handed_on, taken(NULL, w.station, at)
        FROM walk_in w WHERE w.status = 'waiting' ORDER BY w.urgent DESC, w.came, w.id $$;
CREATE TABLE public.intake (
    appointment uuid NOT NULL,
    epoch integer NOT NULL,
    taken timestamp with time zone NOT NULL,
    taken_by uuid NOT NULL,
    identity text NOT NULL,
    representative text,
    representing text,
    CONSTRAINT intake_check CHECK (((representative IS NULL) = (representing IS NULL))),
    CONSTRAINT intake_identity_check CHECK ((identity = ANY (ARRAY['card'::text, 'camera'::text, 'known'::text]))),
    CONSTRAINT intake_representing_check CHECK ((representing = ANY (ARRAY['parent'::text, 'guardian'::text, 'attorney'::text])))
);
COMMENT ON TABLE public.intake IS 'That somebody at a station was received as they should be. Retention: as names of appointments.';
CREATE FUNCTION public.was_for(i public.intake, a public.appointment) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT i.appointment = a.id AND i.epoch = CASE WHEN a.status = 'fulfilled' THEN a.epoch - 1 ELSE a.epoch END $$;
CREATE FUNCTION public.works_with(of_practice uuid, with_site uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT NOT EXISTS (SELECT FROM partner WHERE practice = of_practice)
        OR EXISTS (SELECT FROM partner WHERE practice = of_practice AND site = with_site) $$;
CREATE TABLE public.assessment (
    id uuid NOT NULL,
    site uuid NOT NULL,
    service uuid NOT NULL,
    patient_key bytea NOT NULL,
    patient_name text,
    birth_date date,
    phone text,
    language text DEFAULT 'de'::text NOT NULL,
    result text,
    asked timestamp with time zone NOT NULL,
    decided timestamp with time zone,
    decided_by uuid,
    CONSTRAINT assessment_check CHECK (((result IS NULL) = (decided IS NULL))),
    CONSTRAINT assessment_check1 CHECK (
CASE
    WHEN ((decided IS NULL) OR (asked > decided)) THEN (num_nulls(patient_name, birth_date, phone) = 0)
    ELSE (num_nonnulls(patient_name, birth_date, phone) = 0)
END),
    CONSTRAINT assessment_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT assessment_result_check CHECK ((result = ANY (ARRAY['known'::text, 'video'::text, 'in_person'::text])))
);
COMMENT ON TABLE public.assessment IS 'Whether a practice knows a patient or has assessed them on the telephone; the result only, never what was said (B-02). Retention: name and number until the result, at most 30 days; the result two years.';
CREATE TABLE public.attendance (
    id bigint NOT NULL,
    appointment uuid NOT NULL,
    seat text NOT NULL,
    joined timestamp with time zone DEFAULT now() NOT NULL,
    "left" timestamp with time zone,
    CONSTRAINT attendance_seat_check CHECK ((seat = ANY (ARRAY['patient'::text, 'practitioner'::text, 'assistant'::text, 'gateway'::text])))
);
COMMENT ON TABLE public.attendance IS 'Who sat where and when: connection metadata. Retention: at most 90 days (V-04).';
ALTER TABLE public.attendance ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attendance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    role text NOT NULL,
    person uuid,
    site uuid,
    verb text NOT NULL,
    appointment uuid,
    detail text DEFAULT ''::text NOT NULL
);
COMMENT ON TABLE public.audit IS 'Who did what; no names, only ids. Append only. Retention: 3 years; who was let in when, 90 days (V-04).';
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.busy (
    calendar uuid NOT NULL,
    practitioner uuid NOT NULL,
    during tstzrange NOT NULL,
    CONSTRAINT busy_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during))))
);
COMMENT ON TABLE public.busy IS 'When a practitioner''s own calendar says they are busy: times, never titles or names. Retention: two days after its end, or until the calendar says otherwise.';
CREATE TABLE public.busy_calendar (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    url text NOT NULL,
    etag text,
    reaches timestamp with time zone,
    added timestamp with time zone NOT NULL,
    tried timestamp with time zone,
    last_read timestamp with time zone,
    last_error text,
    CONSTRAINT busy_calendar_url_check CHECK (((length(url) >= 8) AND (length(url) <= 2000)))
);
COMMENT ON TABLE public.busy_calendar IS 'Addresses of a practitioner''s own calendars. Retention: until removed.';
CREATE TABLE public.closure (
    id uuid NOT NULL,
    practitioner uuid,
    during tstzrange NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    site uuid NOT NULL,
    yearly boolean DEFAULT false NOT NULL,
    substitute uuid,
    CONSTRAINT closure_check CHECK (((substitute IS NULL) OR ((practitioner IS NOT NULL) AND (substitute <> practitioner)))),
    CONSTRAINT closure_check1 CHECK (((NOT yearly) OR ((upper(during) - lower(during)) < '366 days'::interval))),
    CONSTRAINT closure_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during)))),
    CONSTRAINT closure_note_check CHECK ((length(note) <= 200))
);
COMMENT ON TABLE public.closure IS 'Time off. Retention: 90 days after its end; of every year, kept.';
CREATE TABLE public.data_file (
    name text NOT NULL,
    digest text NOT NULL
);
COMMENT ON TABLE public.data_file IS 'Which edition of the places and postal codes is loaded. Retention: kept.';
CREATE TABLE public.feed (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    digest bytea NOT NULL,
    created timestamp with time zone NOT NULL,
    revoked timestamp with time zone,
    last_read timestamp with time zone
);
COMMENT ON TABLE public.feed IS 'The addresses at which a practitioner''s appointments can be read. Retention: 90 days after revocation.';
CREATE TABLE public.opening (
    id bigint NOT NULL,
    practitioner uuid NOT NULL,
    during tstzrange NOT NULL,
    CONSTRAINT opening_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during))))
);
COMMENT ON TABLE public.opening IS 'A concrete bookable time, made from rules and closures. Retention: a day after its end.';
ALTER TABLE public.opening ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.opening_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.partner (
    practice uuid NOT NULL,
    site uuid NOT NULL
);
COMMENT ON TABLE public.partner IS 'From which pharmacies and halls a practice takes walk-ins. Retention: kept.';
CREATE TABLE public.person (
    id uuid NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    site uuid,
    password text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT person_check CHECK (((role = 'admin'::text) OR (site IS NOT NULL))),
    CONSTRAINT person_login_check CHECK (((login = lower(login)) AND (login <> ''::text))),
    CONSTRAINT person_name_check CHECK ((name <> ''::text)),
    CONSTRAINT person_role_check CHECK ((role = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text, 'admin'::text])))
);
COMMENT ON TABLE public.person IS 'Anyone with a login. Retention: until the login is removed.';
CREATE TABLE public.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);
COMMENT ON TABLE public.pgqueuer IS 'Jobs that wait or run; a payload is an id, never a name. Retention: until done; given up, 30 days.';
CREATE SEQUENCE public.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.pgqueuer_id_seq OWNED BY public.pgqueuer.id;
CREATE TABLE public.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status public.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);
COMMENT ON TABLE public.pgqueuer_log IS 'What became of each job, without what was in it. Retention: 7 days.';
ALTER TABLE public.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status public.pgqueuer_status DEFAULT 'queued'::public.pgqueuer_status
);
COMMENT ON TABLE public.pgqueuer_schedules IS 'When each recurring job is due next. Retention: kept.';
CREATE SEQUENCE public.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.pgqueuer_schedules_id_seq OWNED BY public.pgqueuer_schedules.id;
CREATE TABLE public.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);
COMMENT ON TABLE public.pgqueuer_statistics IS 'Counts of jobs a second; PgQueuer wants the table, nothing fills it. Retention: 7 days.';
CREATE SEQUENCE public.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.pgqueuer_statistics_id_seq OWNED BY public.pgqueuer_statistics.id;
CREATE TABLE public.place (
    id integer NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    population integer NOT NULL,
    search text NOT NULL
);
COMMENT ON TABLE public.place IS 'A town or village. Retention: kept (public data).';
CREATE TABLE public.postal_code (
    code text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    CONSTRAINT postal_code_code_check CHECK ((code ~ '^[0-9]{5}$'::text))
);
COMMENT ON TABLE public.postal_code IS 'A postal code and a place it serves. Retention: kept (public data).';
CREATE TABLE public.practitioner (
    id uuid NOT NULL,
    site uuid NOT NULL,
    person uuid,
    title text DEFAULT ''::text NOT NULL,
    name text NOT NULL,
    specialty text NOT NULL,
    languages text[] DEFAULT '{de}'::text[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    late_minutes integer DEFAULT 0 NOT NULL,
    late_note text,
    late_until timestamp with time zone,
    CONSTRAINT practitioner_late_minutes_check CHECK (((late_minutes >= 0) AND (late_minutes <= 240))),
    CONSTRAINT practitioner_late_note_check CHECK (((length(late_note) >= 1) AND (length(late_note) <= 200))),
    CONSTRAINT practitioner_name_check CHECK ((name <> ''::text))
);
COMMENT ON TABLE public.practitioner IS 'A doctor at a practice, named in public on purpose (B-01). Retention: kept.';
CREATE TABLE public.precheck (
    appointment uuid NOT NULL,
    level text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT precheck_level_check CHECK ((level = ANY (ARRAY['phone'::text, 'audio'::text, 'still'::text, 'small'::text, 'full'::text])))
);
COMMENT ON TABLE public.precheck IS 'What to expect of a patient''s line: connection metadata. Retention: 2 days after the appointment, at most 90 days after the check (V-04).';
CREATE TABLE public.refresh_token (
    id uuid NOT NULL,
    family uuid NOT NULL,
    person uuid NOT NULL,
    digest bytea NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    expires timestamp with time zone NOT NULL,
    spent timestamp with time zone,
    revoked timestamp with time zone
);
COMMENT ON TABLE public.refresh_token IS 'A login that can be renewed. Retention: two days after it expires.';
CREATE TABLE public.ride (
    id uuid NOT NULL,
    site uuid NOT NULL,
    kind text NOT NULL,
    weekdays smallint[] NOT NULL,
    since time without time zone NOT NULL,
    until time without time zone NOT NULL,
    direction text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    ended timestamp with time zone,
    CONSTRAINT ride_check CHECK ((since < until)),
    CONSTRAINT ride_direction_check CHECK (((length(direction) >= 1) AND (length(direction) <= 120))),
    CONSTRAINT ride_kind_check CHECK ((kind = ANY (ARRAY['bus'::text, 'taxi'::text]))),
    CONSTRAINT ride_weekdays_check CHECK (((weekdays <> '{}'::smallint[]) AND (weekdays <@ '{1,2,3,4,5,6,7}'::smallint[])))
);
COMMENT ON TABLE public.ride IS 'Citizen buses and on-call taxis of a site. Retention: 90 days after they were taken off its page.';
CREATE TABLE public.rule (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    start_time time without time zone NOT NULL,
    end_time time without time zone NOT NULL,
    zone text NOT NULL,
    from_date date NOT NULL,
    until_date date,
    on_holidays boolean DEFAULT false NOT NULL,
    recurrence text NOT NULL,
    CONSTRAINT rule_check CHECK (((until_date IS NULL) OR (until_date >= from_date))),
    CONSTRAINT rule_recurrence_check CHECK (((recurrence ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$'::text) AND (length(recurrence) <= 200)))
);
COMMENT ON TABLE public.rule IS 'A recurring opening in local time with its IANA zone. Retention: kept.';
CREATE TABLE public.seal (
    number bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kept integer NOT NULL,
    kept_since timestamp with time zone,
    kept_digest bytea NOT NULL,
    brief integer NOT NULL,
    brief_since timestamp with time zone,
    brief_digest bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT seal_check CHECK ((last >= first)),
    CONSTRAINT seal_number_check CHECK ((number > 0))
);
COMMENT ON TABLE public.seal IS 'What the trail was: numbers and digests, no ids of persons. Append only. Retention: kept.';
CREATE TABLE public.seating (
    appointment uuid NOT NULL,
    epoch integer NOT NULL,
    seat text NOT NULL,
    state text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT seating_seat_check CHECK ((seat = ANY (ARRAY['patient'::text, 'assistant'::text, 'gateway'::text]))),
    CONSTRAINT seating_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'held'::text, 'called'::text, 'barred'::text])))
);
COMMENT ON TABLE public.seating IS 'Who was let into a room or removed: connection metadata. Retention: at most 90 days (V-04).';
CREATE TABLE public.signing_key (
    kid text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    retired timestamp with time zone
);
COMMENT ON TABLE public.signing_key IS 'Names of the Ed25519 keys behind the JWKS. Retention: two days after retirement.';
CREATE TABLE public.site_hours (
    site uuid NOT NULL,
    weekday smallint NOT NULL,
    since time without time zone NOT NULL,
    until time without time zone NOT NULL,
    CONSTRAINT site_hours_check CHECK ((since < until)),
    CONSTRAINT site_hours_weekday_check CHECK (((weekday >= 1) AND (weekday <= 7)))
);
COMMENT ON TABLE public.site_hours IS 'When a pharmacy or hub takes people who booked from elsewhere. Retention: kept.';
CREATE TABLE public.site_opening (
    site uuid NOT NULL,
    during tstzrange NOT NULL
);
COMMENT ON TABLE public.site_opening IS 'Its hours without closures and holidays, as instants of the next year. Retention: until rebuilt.';
CREATE TABLE public.station (
    id uuid NOT NULL,
    site uuid NOT NULL,
    name text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    directions text DEFAULT ''::text NOT NULL,
    devices text[] DEFAULT '{}'::text[] NOT NULL,
    accessibility text[] DEFAULT '{}'::text[] NOT NULL,
    privacy text[] DEFAULT '{}'::text[] NOT NULL,
    privacy_checked timestamp with time zone,
    privacy_checked_by uuid,
    CONSTRAINT station_accessibility_check CHECK ((accessibility <@ '{step_free,wide_door,wheelchair_toilet,hearing_loop,seat_with_arms,parking}'::text[])),
    CONSTRAINT station_check CHECK (((privacy_checked IS NULL) = (privacy_checked_by IS NULL))),
    CONSTRAINT station_devices_check CHECK ((devices <@ '{printer,blood_pressure,oximeter,thermometer,scales,glucose,dermatoscope,otoscope,stethoscope}'::text[])),
    CONSTRAINT station_directions_check CHECK ((length(directions) <= 200)),
    CONSTRAINT station_name_check CHECK ((name <> ''::text)),
    CONSTRAINT station_privacy_check CHECK ((privacy <@ '{door,sound,windows,screen,cameras}'::text[]))
);
COMMENT ON TABLE public.station IS 'A private room with a screen and devices at a site. Retention: kept.';
CREATE TABLE public.station_check (
    station uuid NOT NULL,
    day date NOT NULL,
    at timestamp with time zone NOT NULL,
    camera text NOT NULL,
    microphone text NOT NULL,
    line text,
    CONSTRAINT station_check_camera_check CHECK ((camera = ANY (ARRAY['ok'::text, 'weak'::text, 'bad'::text]))),
    CONSTRAINT station_check_line_check CHECK ((line = ANY (ARRAY['ok'::text, 'weak'::text, 'bad'::text]))),
    CONSTRAINT station_check_microphone_check CHECK ((microphone = ANY (ARRAY['ok'::text, 'weak'::text, 'bad'::text])))
);
COMMENT ON TABLE public.station_check IS 'Whether camera, microphone and line of a station work; no persons. Retention: 90 days.';
CREATE TABLE public.town (
    place integer NOT NULL,
    specialty text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL
);
COMMENT ON TABLE public.town IS 'Where a specialty has ever been offered. Retention: kept (public data).';
CREATE TABLE public.training (
    person uuid NOT NULL,
    topic text NOT NULL,
    passed date NOT NULL,
    noted timestamp with time zone NOT NULL,
    noted_by uuid NOT NULL,
    CONSTRAINT training_topic_check CHECK ((topic = ANY (ARRAY['telemedicine'::text, 'confidentiality'::text, 'medical_tasks'::text, 'devices'::text])))
);
COMMENT ON TABLE public.training IS 'What somebody who assists at a station has learnt, and when. Retention: as their login.';
CREATE TABLE public.verified (
    appointment uuid NOT NULL,
    epoch integer NOT NULL,
    seat text NOT NULL,
    match boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT verified_seat_check CHECK ((seat = ANY (ARRAY['patient'::text, 'practitioner'::text])))
);
COMMENT ON TABLE public.verified IS 'Whether the words on both screens were the same: connection metadata. Retention: at most 90 days (V-04).';
CREATE TABLE public.walk_in_month (
    site uuid NOT NULL,
    month date NOT NULL,
    came integer NOT NULL,
    called_in integer NOT NULL,
    waited interval NOT NULL,
    CONSTRAINT walk_in_month_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);
COMMENT ON TABLE public.walk_in_month IS 'How many walked into a site in a month, and how long they waited; no persons. Retention: kept.';
CREATE TABLE public.worker (
    id uuid NOT NULL,
    seen timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.worker IS 'Running workers and when each was seen last. Retention: two days.';
ALTER TABLE ONLY public.pgqueuer ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_id_seq'::regclass);
ALTER TABLE ONLY public.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_schedules_id_seq'::regclass);
ALTER TABLE ONLY public.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_statistics_id_seq'::regclass);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT assessment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT assessment_site_patient_key_key UNIQUE (site, patient_key);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT assistant_taken EXCLUDE USING gist (assistant WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.busy_calendar
    ADD CONSTRAINT busy_calendar_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.busy_calendar
    ADD CONSTRAINT busy_calendar_practitioner_url_key UNIQUE (practitioner, url);
ALTER TABLE ONLY public.busy
    ADD CONSTRAINT busy_pkey PRIMARY KEY (calendar, during);
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.data_file
    ADD CONSTRAINT data_file_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.feed
    ADD CONSTRAINT feed_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.feed
    ADD CONSTRAINT feed_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT intake_pkey PRIMARY KEY (appointment);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_cause_channel_key UNIQUE (cause, channel);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_appointment_key UNIQUE (appointment);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_entry_start_key UNIQUE (entry, start);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT on_call_pkey PRIMARY KEY (practitioner);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_practitioner_during_excl EXCLUDE USING gist (practitioner WITH =, during WITH &&);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT partner_pkey PRIMARY KEY (practice, site);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT patient_taken EXCLUDE USING gist (patient_key WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_login_key UNIQUE (login);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);
ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.place
    ADD CONSTRAINT place_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.postal_code
    ADD CONSTRAINT postal_code_pkey PRIMARY KEY (code, name);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_at_site UNIQUE (site, id);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_person_key UNIQUE (person);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT practitioner_taken EXCLUDE USING gist (practitioner WITH =, reserved WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.precheck
    ADD CONSTRAINT precheck_pkey PRIMARY KEY (appointment);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ride
    ADD CONSTRAINT ride_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ride_request
    ADD CONSTRAINT ride_request_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rule
    ADD CONSTRAINT rule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.seal
    ADD CONSTRAINT seal_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.seating
    ADD CONSTRAINT seating_pkey PRIMARY KEY (appointment, epoch, seat);
ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (kid);
ALTER TABLE ONLY public.site_hours
    ADD CONSTRAINT site_hours_pkey PRIMARY KEY (site, weekday, since);
ALTER TABLE ONLY public.site_opening
    ADD CONSTRAINT site_opening_site_during_excl EXCLUDE USING gist (site WITH =, during WITH &&);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.station_check
    ADD CONSTRAINT station_check_pkey PRIMARY KEY (station, day);
ALTER TABLE ONLY public.station
    ADD CONSTRAINT station_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT station_taken EXCLUDE USING gist (station WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.town
    ADD CONSTRAINT town_pkey PRIMARY KEY (place, specialty);
ALTER TABLE ONLY public.training
    ADD CONSTRAINT training_pkey PRIMARY KEY (person, topic);
ALTER TABLE ONLY public.verified
    ADD CONSTRAINT verified_pkey PRIMARY KEY (appointment, epoch, seat);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.walk_in_month
    ADD CONSTRAINT walk_in_month_pkey PRIMARY KEY (site, month);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);
CREATE INDEX appointment_expires ON public.appointment USING btree (expires) WHERE (status = 'held'::text);
CREATE INDEX appointment_follow_up ON public.appointment USING btree (follow_up_of) WHERE (follow_up_of IS NOT NULL);
CREATE INDEX appointment_site_day ON public.appointment USING btree (site, lower(during));
CREATE INDEX appointment_station_site_day ON public.appointment USING btree (station_site, lower(during)) WHERE (station_site IS NOT NULL);
CREATE INDEX appointment_to_forget ON public.appointment USING btree (upper(during)) WHERE (forgotten IS NULL);
CREATE INDEX appointment_unnamed ON public.appointment USING btree (changed) WHERE ((patient_name IS NULL) AND (forgotten IS NULL));
CREATE INDEX assessment_open ON public.assessment USING btree (site, asked) WHERE (patient_name IS NOT NULL);
CREATE INDEX attendance_appointment ON public.attendance USING btree (appointment);
CREATE INDEX audit_brief ON public.audit USING btree (id) WHERE public.of_connection(verb);
CREATE INDEX audit_site ON public.audit USING btree (site, at);
CREATE INDEX busy_practitioner ON public.busy USING btree (practitioner);
CREATE INDEX closure_practitioner ON public.closure USING btree (practitioner);
CREATE INDEX closure_site ON public.closure USING btree (site);
CREATE UNIQUE INDEX day_full ON public.appointment USING btree (service, cap_day, cap_place) WHERE (status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text]));
CREATE INDEX feed_practitioner ON public.feed USING btree (practitioner);
CREATE INDEX next_free_by_place ON public.next_free USING btree (place, part, start, practitioner);
CREATE INDEX next_free_by_specialty ON public.next_free USING btree (specialty, place, part, start, practitioner);
CREATE INDEX next_free_loose ON public.next_free USING btree (loose) WHERE (loose IS NOT NULL);
CREATE INDEX next_free_practitioner ON public.next_free USING btree (practitioner, start);
CREATE INDEX notice_appointment ON public.notice USING btree (appointment) WHERE (appointment IS NOT NULL);
CREATE INDEX notice_for_people ON public.notice USING btree (site, created) WHERE ((status = 'dead'::text) OR ((channel = 'phone'::text) AND (status = 'queued'::text)));
CREATE INDEX notice_ride ON public.notice USING btree (ride) WHERE (ride IS NOT NULL);
CREATE INDEX notice_waiting ON public.notice USING btree (due) WHERE ((status = 'queued'::text) AND (channel <> 'phone'::text));
CREATE UNIQUE INDEX offer_open ON public.offer USING btree (entry) WHERE (status = 'open'::text);
CREATE INDEX offer_practitioner ON public.offer USING btree (practitioner) WHERE (status = 'open'::text);
CREATE INDEX opening_in_order ON public.opening USING btree (practitioner, lower(during));
CREATE INDEX pgqueuer_again ON public.pgqueuer USING btree (((headers ->> 'dedupe'::text))) WHERE ((status = 'queued'::public.pgqueuer_status) AND (headers IS NOT NULL));
CREATE INDEX pgqueuer_ep_ea_idx ON public.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::public.pgqueuer_status);
CREATE INDEX pgqueuer_ep_prio_id_idx ON public.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::public.pgqueuer_status);
CREATE INDEX pgqueuer_log_created ON public.pgqueuer_log USING btree (created);
CREATE INDEX pgqueuer_log_job_id_status ON public.pgqueuer_log USING btree (job_id, created DESC);
CREATE INDEX pgqueuer_log_not_aggregated ON public.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);
CREATE INDEX pgqueuer_log_status ON public.pgqueuer_log USING btree (status);
CREATE INDEX pgqueuer_picked_heartbeat_idx ON public.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::public.pgqueuer_status);
CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON public.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::public.pgqueuer_status) AND (slot IS NOT NULL));
CREATE INDEX pgqueuer_priority_id_id1_idx ON public.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::public.pgqueuer_status);
CREATE INDEX pgqueuer_queue_manager_id_idx ON public.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);
CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON public.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);
CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON public.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::public.pgqueuer_status, 'picked'::public.pgqueuer_status])) AND (dedupe_key IS NOT NULL));
CREATE INDEX pgqueuer_updated_id_id1_idx ON public.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::public.pgqueuer_status);
CREATE INDEX place_search ON public.place USING btree (search text_pattern_ops);
CREATE INDEX place_search_trgm ON public.place USING gin (search public.gin_trgm_ops);
CREATE INDEX place_where ON public.place USING btree (lat, lon);
CREATE INDEX postal_code_where ON public.postal_code USING btree (lat, lon);
CREATE INDEX practitioner_site ON public.practitioner USING btree (site);
CREATE INDEX practitioner_specialty ON public.practitioner USING btree (specialty) WHERE active;
CREATE INDEX refresh_token_family ON public.refresh_token USING btree (family);
CREATE UNIQUE INDEX ride_asked ON public.ride_request USING btree (appointment, leg) WHERE (called_off IS NULL);
CREATE INDEX ride_site ON public.ride USING btree (site) WHERE (ended IS NULL);
CREATE INDEX rule_practitioner ON public.rule USING btree (practitioner);
CREATE INDEX service_practitioner ON public.service USING btree (practitioner);
CREATE INDEX site_place ON public.site USING btree (place) WHERE (active AND (kind = 'practice'::text));
CREATE UNIQUE INDEX station_gateway ON public.pairing USING btree (station) WHERE ((ended IS NULL) AND gateway);
CREATE UNIQUE INDEX station_paired ON public.pairing USING btree (station) WHERE ((ended IS NULL) AND (NOT gateway));
CREATE INDEX station_site ON public.station USING btree (site);
CREATE INDEX waitlist_appointment ON public.waitlist_entry USING btree (appointment) WHERE (appointment IS NOT NULL);
CREATE INDEX waitlist_site ON public.waitlist_entry USING btree (site, created);
CREATE INDEX waitlist_waiting ON public.waitlist_entry USING btree (practitioner, created) WHERE (status = 'waiting'::text);
CREATE UNIQUE INDEX walk_in_doctor ON public.walk_in USING btree (practitioner) WHERE (status = 'offered'::text);
CREATE UNIQUE INDEX walk_in_patient ON public.walk_in USING btree (patient_key) WHERE (status = ANY (ARRAY['waiting'::text, 'offered'::text]));
CREATE INDEX walk_in_queue ON public.walk_in USING btree (came) WHERE (status = ANY (ARRAY['waiting'::text, 'offered'::text]));
CREATE TRIGGER next_free_closed AFTER DELETE ON public.opening REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.next_free_closed();
CREATE TRIGGER next_free_deleted AFTER DELETE ON public.appointment FOR EACH ROW WHEN ((old.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text]))) EXECUTE FUNCTION public.next_free_freed();
CREATE TRIGGER next_free_freed AFTER UPDATE ON public.appointment FOR EACH ROW WHEN (((old.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text])) AND (NOT ((new.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text])) AND (new.reserved = old.reserved))))) EXECUTE FUNCTION public.next_free_freed();
CREATE TRIGGER next_free_opened AFTER INSERT ON public.opening REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.next_free_opened();
CREATE TRIGGER next_free_practitioner AFTER UPDATE ON public.practitioner FOR EACH ROW WHEN (((((old.site IS DISTINCT FROM new.site) OR (old.specialty IS DISTINCT FROM new.specialty)) OR (old.languages IS DISTINCT FROM new.languages)) OR (old.active IS DISTINCT FROM new.active))) EXECUTE FUNCTION public.next_free_renewed();
CREATE TRIGGER next_free_service AFTER UPDATE ON public.service FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.next_free_renewed();
CREATE TRIGGER next_free_service_new AFTER INSERT ON public.service FOR EACH ROW EXECUTE FUNCTION public.next_free_renewed();
CREATE TRIGGER next_free_site AFTER UPDATE ON public.site FOR EACH ROW WHEN (((((old.place IS DISTINCT FROM new.place) OR (old.zone IS DISTINCT FROM new.zone)) OR (old.kind IS DISTINCT FROM new.kind)) OR (old.active IS DISTINCT FROM new.active))) EXECUTE FUNCTION public.next_free_renewed();
CREATE TRIGGER next_free_taken AFTER INSERT ON public.appointment FOR EACH ROW WHEN ((new.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text]))) EXECUTE FUNCTION public.next_free_taken();
CREATE TRIGGER next_free_taken_now AFTER UPDATE ON public.appointment FOR EACH ROW WHEN (((new.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text])) AND (NOT ((old.status = ANY (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text])) AND (new.reserved = old.reserved))))) EXECUTE FUNCTION public.next_free_taken();
CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION public.fn_pgqueuer_changed();
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_assistant_fkey FOREIGN KEY (assistant) REFERENCES public.person(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_booked_by_fkey FOREIGN KEY (booked_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_follow_up_of_fkey FOREIGN KEY (follow_up_of) REFERENCES public.appointment(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_service_fkey FOREIGN KEY (service) REFERENCES public.service(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_station_fkey FOREIGN KEY (station) REFERENCES public.station(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_station_site_fkey FOREIGN KEY (station_site) REFERENCES public.site(id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT assessment_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT assessment_service_fkey FOREIGN KEY (service) REFERENCES public.service(id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT assessment_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.busy
    ADD CONSTRAINT busy_calendar_fkey FOREIGN KEY (calendar) REFERENCES public.busy_calendar(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.busy_calendar
    ADD CONSTRAINT busy_calendar_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.busy
    ADD CONSTRAINT busy_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_practitioner FOREIGN KEY (site, practitioner) REFERENCES public.practitioner(site, id);
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_substitute FOREIGN KEY (site, substitute) REFERENCES public.practitioner(site, id);
ALTER TABLE ONLY public.feed
    ADD CONSTRAINT feed_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT intake_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT intake_taken_by_fkey FOREIGN KEY (taken_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_ride_fkey FOREIGN KEY (ride) REFERENCES public.ride_request(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_entry_fkey FOREIGN KEY (entry) REFERENCES public.waitlist_entry(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.offer
    ADD CONSTRAINT offer_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT on_call_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT on_call_service_fkey FOREIGN KEY (service) REFERENCES public.service(id);
ALTER TABLE ONLY public.on_call
    ADD CONSTRAINT on_call_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_paired_by_fkey FOREIGN KEY (paired_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.pairing
    ADD CONSTRAINT pairing_station_fkey FOREIGN KEY (station) REFERENCES public.station(id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT partner_practice_fkey FOREIGN KEY (practice) REFERENCES public.site(id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT partner_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_person_fkey FOREIGN KEY (person) REFERENCES public.person(id);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.precheck
    ADD CONSTRAINT precheck_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_person_fkey FOREIGN KEY (person) REFERENCES public.person(id);
ALTER TABLE ONLY public.ride_request
    ADD CONSTRAINT ride_request_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ride_request
    ADD CONSTRAINT ride_request_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.ride_request
    ADD CONSTRAINT ride_request_ride_fkey FOREIGN KEY (ride) REFERENCES public.ride(id);
ALTER TABLE ONLY public.ride
    ADD CONSTRAINT ride_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.rule
    ADD CONSTRAINT rule_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.seating
    ADD CONSTRAINT seating_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.site_hours
    ADD CONSTRAINT site_hours_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.site_opening
    ADD CONSTRAINT site_opening_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_place_fkey FOREIGN KEY (place) REFERENCES public.place(id);
ALTER TABLE ONLY public.station_check
    ADD CONSTRAINT station_check_station_fkey FOREIGN KEY (station) REFERENCES public.station(id);
ALTER TABLE ONLY public.station
    ADD CONSTRAINT station_privacy_checked_by_fkey FOREIGN KEY (privacy_checked_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.station
    ADD CONSTRAINT station_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.training
    ADD CONSTRAINT training_noted_by_fkey FOREIGN KEY (noted_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.training
    ADD CONSTRAINT training_person_fkey FOREIGN KEY (person) REFERENCES public.person(id);
ALTER TABLE ONLY public.verified
    ADD CONSTRAINT verified_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_added_by_fkey FOREIGN KEY (added_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_service_fkey FOREIGN KEY (service) REFERENCES public.service(id);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.waitlist_entry
    ADD CONSTRAINT waitlist_entry_station_fkey FOREIGN KEY (station) REFERENCES public.station(id);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_added_by_fkey FOREIGN KEY (added_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.walk_in_month
    ADD CONSTRAINT walk_in_month_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.walk_in
    ADD CONSTRAINT walk_in_station_fkey FOREIGN KEY (station) REFERENCES public.station(id);
ALTER TABLE public.appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointment_assistant ON public.appointment USING (((public.caller_role() = 'assistant'::text) AND ((id = public.caller_appointment()) OR ((station_site = public.caller_site()) AND ((during && ( SELECT (public.site_day(public.caller_site()) + tstzrange((public.caller_now() - '04:00:00'::interval), (public.caller_now() + '01:00:00'::interval))))) OR ((created <@ ( SELECT public.site_day(public.caller_site()) AS site_day)) AND (EXISTS ( SELECT
   FROM public.person
  WHERE ((person.id = appointment.booked_by) AND (person.site = public.caller_site()))))))))));
CREATE POLICY appointment_gateway ON public.appointment FOR SELECT USING (((public.caller_role() = 'gateway'::text) AND (station = public.caller_station()) AND ( SELECT public.paired() AS paired) AND (status = 'arrived'::text) AND (during && ( SELECT (public.site_day(public.caller_site()) + tstzrange((public.caller_now() - '04:00:00'::interval), (public.caller_now() + '01:00:00'::interval)))))));
CREATE POLICY appointment_guest ON public.appointment USING (((public.caller_role() = ANY (ARRAY['guest'::text, 'anonymous'::text])) AND (id = public.caller_appointment())));
CREATE POLICY appointment_of_entry ON public.appointment USING (((public.caller_role() = 'guest'::text) AND (public.caller_entry() IS NOT NULL) AND (id IN ( SELECT e.appointment
   FROM public.waitlist_entry e
  WHERE (e.id = public.caller_entry())
UNION ALL
 SELECT o.appointment
   FROM public.offer o
  WHERE ((o.entry = public.caller_entry()) AND (o.status = ANY (ARRAY['open'::text, 'accepted'::text])))))));
CREATE POLICY appointment_practice ON public.appointment USING (((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site())));
CREATE POLICY appointment_purge ON public.appointment AS RESTRICTIVE FOR DELETE USING ((public.caller_role() = 'system'::text));
CREATE POLICY appointment_screen ON public.appointment FOR SELECT USING (((public.caller_role() = 'station'::text) AND (station = public.caller_station()) AND ( SELECT public.paired() AS paired) AND (during && ( SELECT (public.site_day(public.caller_site()) + tstzrange((public.caller_now() - '04:00:00'::interval), (public.caller_now() + '01:00:00'::interval)))))));
CREATE POLICY appointment_system ON public.appointment USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.assessment ENABLE ROW LEVEL SECURITY;
CREATE POLICY assessment_practice ON public.assessment USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
ALTER TABLE public.attendance ENABLE ROW LEVEL SECURITY;
CREATE POLICY attendance_of_appointment ON public.attendance USING ((EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = attendance.appointment))));
CREATE POLICY attendance_purge ON public.attendance AS RESTRICTIVE FOR DELETE USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_read ON public.audit FOR SELECT USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
CREATE POLICY audit_write ON public.audit FOR INSERT WITH CHECK ((public.caller_role() IS NOT NULL));
ALTER TABLE public.busy ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.busy_calendar ENABLE ROW LEVEL SECURITY;
CREATE POLICY busy_calendar_own ON public.busy_calendar USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = busy_calendar.practitioner) AND (practitioner.site = public.caller_site())))))));
CREATE POLICY busy_own ON public.busy USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = busy.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.closure ENABLE ROW LEVEL SECURITY;
CREATE POLICY closure_own ON public.closure USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
CREATE POLICY closure_station ON public.closure USING (((public.caller_role() = 'assistant'::text) AND (site = public.caller_site())));
ALTER TABLE public.feed ENABLE ROW LEVEL SECURITY;
CREATE POLICY feed_own ON public.feed USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = feed.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.intake ENABLE ROW LEVEL SECURITY;
CREATE POLICY intake_again ON public.intake FOR UPDATE USING (((public.caller_role() = 'assistant'::text) AND (EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = intake.appointment)))));
CREATE POLICY intake_read ON public.intake FOR SELECT USING (((public.caller_role() = ANY (ARRAY['assistant'::text, 'practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = intake.appointment)))));
CREATE POLICY intake_system ON public.intake USING ((public.caller_role() = 'system'::text));
CREATE POLICY intake_take ON public.intake FOR INSERT WITH CHECK (((public.caller_role() = 'assistant'::text) AND (EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = intake.appointment)))));
ALTER TABLE public.notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY notice_practice ON public.notice USING (((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site())));
CREATE POLICY notice_system ON public.notice USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.offer ENABLE ROW LEVEL SECURITY;
CREATE POLICY offer_guest ON public.offer USING (((public.caller_role() = ANY (ARRAY['guest'::text, 'anonymous'::text, 'assistant'::text])) AND (entry = public.caller_entry())));
CREATE POLICY offer_practice ON public.offer USING (((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site())));
CREATE POLICY offer_system ON public.offer USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.on_call ENABLE ROW LEVEL SECURITY;
CREATE POLICY on_call_own ON public.on_call USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = 'practitioner'::text) AND (site = public.caller_site()) AND (EXISTS ( SELECT
   FROM public.practitioner p
  WHERE ((p.id = on_call.practitioner) AND (p.person = public.caller_person())))))));
ALTER TABLE public.pairing ENABLE ROW LEVEL SECURITY;
CREATE POLICY pairing_site ON public.pairing USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = 'assistant'::text) AND (site = public.caller_site()))));
ALTER TABLE public.partner ENABLE ROW LEVEL SECURITY;
CREATE POLICY partner_own ON public.partner USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (practice = public.caller_site()))));
CREATE POLICY partner_read ON public.partner FOR SELECT USING (true);
ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_read ON public.person FOR SELECT USING (((id = public.caller_person()) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (site = public.caller_site())) OR (public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text]))));
CREATE POLICY person_write ON public.person USING ((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])));
ALTER TABLE public.practitioner ENABLE ROW LEVEL SECURITY;
CREATE POLICY practitioner_read ON public.practitioner FOR SELECT USING (true);
CREATE POLICY practitioner_write ON public.practitioner USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
ALTER TABLE public.precheck ENABLE ROW LEVEL SECURITY;
CREATE POLICY precheck_of_appointment ON public.precheck FOR SELECT USING ((EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = precheck.appointment))));
CREATE POLICY precheck_own ON public.precheck USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = 'guest'::text) AND (appointment = public.caller_appointment()))));
CREATE POLICY precheck_purge ON public.precheck AS RESTRICTIVE FOR DELETE USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.refresh_token ENABLE ROW LEVEL SECURITY;
CREATE POLICY refresh_token_own ON public.refresh_token USING (((public.caller_role() = 'system'::text) OR (person = public.caller_person())));
ALTER TABLE public.ride ENABLE ROW LEVEL SECURITY;
CREATE POLICY ride_own ON public.ride USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = 'assistant'::text) AND (site = public.caller_site()))));
CREATE POLICY ride_read ON public.ride FOR SELECT USING (true);
ALTER TABLE public.ride_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY ride_request_of_appointment ON public.ride_request USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['guest'::text, 'assistant'::text])) AND (EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = ride_request.appointment))))));
ALTER TABLE public.rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY rule_own ON public.rule USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = rule.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.seating ENABLE ROW LEVEL SECURITY;
CREATE POLICY seating_of_appointment ON public.seating USING ((EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = seating.appointment))));
CREATE POLICY seating_purge ON public.seating AS RESTRICTIVE FOR DELETE USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.service ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_read ON public.service FOR SELECT USING (true);
CREATE POLICY service_write ON public.service USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = service.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.site ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.site_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_hours_own ON public.site_hours USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (site = public.caller_site()))));
CREATE POLICY site_hours_read ON public.site_hours FOR SELECT USING (true);
ALTER TABLE public.site_opening ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_opening_own ON public.site_opening USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (site = public.caller_site()))));
CREATE POLICY site_opening_read ON public.site_opening FOR SELECT USING (true);
CREATE POLICY site_read ON public.site FOR SELECT USING (true);
CREATE POLICY site_write ON public.site USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (id = public.caller_site()))));
ALTER TABLE public.station ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.station_check ENABLE ROW LEVEL SECURITY;
CREATE POLICY station_check_again ON public.station_check FOR UPDATE USING (((public.caller_role() = 'station'::text) AND (station = public.caller_station()) AND ( SELECT public.paired() AS paired)));
CREATE POLICY station_check_note ON public.station_check FOR INSERT WITH CHECK (((public.caller_role() = 'station'::text) AND (station = public.caller_station()) AND ( SELECT public.paired() AS paired)));
CREATE POLICY station_check_read ON public.station_check FOR SELECT USING (((public.caller_role() = ANY (ARRAY['assistant'::text, 'practitioner'::text, 'staff'::text, 'system'::text])) OR ((public.caller_role() = 'station'::text) AND (station = public.caller_station()))));
CREATE POLICY station_check_system ON public.station_check USING ((public.caller_role() = 'system'::text));
CREATE POLICY station_read ON public.station FOR SELECT USING (true);
CREATE POLICY station_write ON public.station USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = 'assistant'::text) AND (site = public.caller_site()))));
ALTER TABLE public.training ENABLE ROW LEVEL SECURITY;
CREATE POLICY training_of_site ON public.training USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = 'assistant'::text) AND (EXISTS ( SELECT
   FROM public.person
  WHERE ((person.id = training.person) AND (person.site = public.caller_site())))))));
ALTER TABLE public.verified ENABLE ROW LEVEL SECURITY;
CREATE POLICY verified_in_the_room ON public.verified USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = 'guest'::text) AND (appointment = public.caller_appointment()))));
CREATE POLICY verified_purge ON public.verified AS RESTRICTIVE FOR DELETE USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.waitlist_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY waitlist_guest ON public.waitlist_entry USING (((public.caller_role() = ANY (ARRAY['guest'::text, 'anonymous'::text, 'assistant'::text])) AND ((id = public.caller_entry()) OR ((public.caller_role() = 'guest'::text) AND (appointment = public.caller_appointment())))));
CREATE POLICY waitlist_practice ON public.waitlist_entry USING (((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site())));
CREATE POLICY waitlist_system ON public.waitlist_entry USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.walk_in ENABLE ROW LEVEL SECURITY;
CREATE POLICY walk_in_doctor ON public.walk_in USING (((public.caller_role() = 'practitioner'::text) AND (EXISTS ( SELECT
   FROM public.practitioner p
  WHERE ((p.id = walk_in.practitioner) AND (p.person = public.caller_person()))))));
ALTER TABLE public.walk_in_month ENABLE ROW LEVEL SECURITY;
CREATE POLICY walk_in_month_system ON public.walk_in_month USING ((public.caller_role() = 'system'::text));
CREATE POLICY walk_in_site ON public.walk_in USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = 'assistant'::text) AND (site = public.caller_site()) AND ((came <@ ( SELECT public.site_day(public.caller_site()) AS site_day)) OR (came > (public.caller_now() - '04:00:00'::interval))))));
GRANT USAGE ON SCHEMA public TO telemed_app;
REVOKE ALL ON FUNCTION public.admission(for_service uuid, in_mode text, patient bytea, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admission(for_service uuid, in_mode text, patient bytea, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.appointment_by_code(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_by_code(digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.ask_assessment(new_id uuid, for_service uuid, patient bytea, name text, born date, number text, in_language text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ask_assessment(new_id uuid, for_service uuid, patient bytea, name text, born date, number text, in_language text, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid, for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid, for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamp with time zone) TO telemed_app;
GRANT SELECT ON TABLE public.next_free TO telemed_app;
REVOKE ALL ON FUNCTION public.call_off_rides(of_appointment uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.call_off_rides(of_appointment uuid, at timestamp with time zone) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.appointment TO telemed_app;
REVOKE ALL ON FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, new_day date, new_place smallint, key text, digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, new_day date, new_place smallint, key text, digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.claim_again(of_appointment public.appointment) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_again(of_appointment public.appointment) TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.site TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.waitlist_entry TO telemed_app;
REVOKE ALL ON FUNCTION public.day_place(for_service uuid, start timestamp with time zone, moving uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.day_place(for_service uuid, start timestamp with time zone, moving uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.doctors_on_call(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.doctors_on_call(at timestamp with time zone) TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.service TO telemed_app;
REVOKE ALL ON FUNCTION public.entry_by_code(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.entry_by_code(digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.entry_by_key(key text, OUT id uuid, OUT digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.entry_by_key(key text, OUT id uuid, OUT digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.feed_entries(secret_digest bytea, since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.feed_entries(secret_digest bytea, since timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.forget_audit(are_brief boolean, before timestamp with time zone, many bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_audit(are_brief boolean, before timestamp with time zone, many bigint) TO telemed_app;
REVOKE ALL ON FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, for_service uuid, on_day date, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, for_service uuid, on_day date, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.free_starts(for_services uuid[], are_near boolean[], for_station uuid, for_assistant uuid, for_patient bytea, weekdays smallint[], since_time time without time zone, until_time time without time zone, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_starts(for_services uuid[], are_near boolean[], for_station uuid, for_assistant uuid, for_patient bytea, weekdays smallint[], since_time time without time zone, until_time time without time zone, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) TO telemed_app;
REVOKE ALL ON FUNCTION public.hand_on(of_walk_in uuid, as_urgent boolean, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hand_on(of_walk_in uuid, as_urgent boolean, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.in_a_room(of_practitioner uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.in_a_room(of_practitioner uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.introduced(at_appointment uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.introduced(at_appointment uuid) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pairing TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.on_call TO telemed_app;
REVOKE ALL ON FUNCTION public.leave_elsewhere(patient bytea, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.leave_elsewhere(patient bytea, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.lock_walk_ins() FROM PUBLIC;
GRANT ALL ON FUNCTION public.lock_walk_ins() TO telemed_app;
REVOKE ALL ON FUNCTION public.month_figures(in_month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.month_figures(in_month date) TO telemed_app;
REVOKE ALL ON FUNCTION public.next_free_closed() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.next_free_freed() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.next_free_opened() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.next_free_renewed() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.next_free_taken() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.offer_walk_in(to_practitioner uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.offer_walk_in(to_practitioner uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.pair(digest bytea, with_station uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.pair(digest bytea, with_station uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.paired() FROM PUBLIC;
GRANT ALL ON FUNCTION public.paired() TO telemed_app;
REVOKE ALL ON FUNCTION public.read_feed(secret_digest bytea, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.read_feed(secret_digest bytea, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.refill(of_practitioner uuid, of_station uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refill(of_practitioner uuid, of_station uuid) TO telemed_app;
REVOKE ALL ON FUNCTION public.renew_next_free(of_practitioner uuid, of_services uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ride_letter(of_request uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ride_letter(of_request uuid) TO telemed_app;
REVOKE ALL ON FUNCTION public.ride_site(of_appointment uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ride_site(of_appointment uuid) TO telemed_app;
REVOKE ALL ON FUNCTION public.station_busy(since timestamp with time zone, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.station_busy(since timestamp with time zone, until timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.station_open(of_station uuid, within tstzrange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.station_open(of_station uuid, within tstzrange) TO telemed_app;
GRANT SELECT,DELETE,UPDATE ON TABLE public.notice TO telemed_app;
REVOKE ALL ON FUNCTION public.substitutions(of_practitioner uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.substitutions(of_practitioner uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.taken(of_practitioner uuid, of_station uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.taken(of_practitioner uuid, of_station uuid, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.taken_in(of_appointment uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.taken_in(of_appointment uuid) TO telemed_app;
REVOKE ALL ON FUNCTION public.taken_in_by(of_appointment uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.taken_in_by(of_appointment uuid) TO telemed_app;
REVOKE ALL ON FUNCTION public.tell(a public.appointment, kind text, at timestamp with time zone, message text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tell(a public.appointment, kind text, at timestamp with time zone, message text) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.offer TO telemed_app;
REVOKE ALL ON FUNCTION public.tell_offer(o public.offer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tell_offer(o public.offer) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ride_request TO telemed_app;
REVOKE ALL ON FUNCTION public.tell_operator(r public.ride_request, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tell_operator(r public.ride_request, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.tidy_walk_ins(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tidy_walk_ins(at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.tighten_next_free(at timestamp with time zone, soon timestamp with time zone, settled timestamp with time zone, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tighten_next_free(at timestamp with time zone, soon timestamp with time zone, settled timestamp with time zone, most integer) TO telemed_app;
REVOKE ALL ON FUNCTION public.trained(at_site uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.trained(at_site uuid) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.walk_in TO telemed_app;
REVOKE ALL ON FUNCTION public.walk_in_time(w public.walk_in, length interval, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.walk_in_time(w public.walk_in, length interval, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.walk_ins_waiting(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.walk_ins_waiting(at timestamp with time zone) TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.intake TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.assessment TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attendance TO telemed_app;
GRANT USAGE ON SEQUENCE public.attendance_id_seq TO telemed_app;
GRANT SELECT,INSERT ON TABLE public.audit TO telemed_app;
GRANT USAGE ON SEQUENCE public.audit_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.busy TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.busy_calendar TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.closure TO telemed_app;
GRANT SELECT ON TABLE public.data_file TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.feed TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.opening TO telemed_app;
GRANT USAGE ON SEQUENCE public.opening_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.partner TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.person TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer TO telemed_app;
GRANT USAGE ON SEQUENCE public.pgqueuer_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_log TO telemed_app;
GRANT USAGE ON SEQUENCE public.pgqueuer_log_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_schedules TO telemed_app;
GRANT USAGE ON SEQUENCE public.pgqueuer_schedules_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_statistics TO telemed_app;
GRANT USAGE ON SEQUENCE public.pgqueuer_statistics_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.place TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.postal_code TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.practitioner TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.precheck TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_token TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ride TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rule TO telemed_app;
GRANT SELECT,INSERT ON TABLE public.seal TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.seating TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.signing_key TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.site_hours TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.site_opening TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.station TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.station_check TO telemed_app;
GRANT SELECT ON TABLE public.town TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.training TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.verified TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.walk_in_month TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.worker TO telemed_app;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT USAGE ON SEQUENCES TO telemed_app;
