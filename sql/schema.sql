CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE FUNCTION public.appointment_by_code(digest bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT id FROM appointment WHERE code_digest = digest $$;
CREATE FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT a.id, a.idempotency_digest FROM appointment a WHERE a.idempotency_key = key $$;
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
CREATE FUNCTION public.caller_appointment() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.appointment', true), '')::uuid $$;
CREATE FUNCTION public.caller_person() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.person', true), '')::uuid $$;
CREATE FUNCTION public.caller_role() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.role', true), '') $$;
CREATE FUNCTION public.caller_site() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('telemed.site', true), '')::uuid $$;
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
    CONSTRAINT appointment_cancelled_by_check CHECK ((cancelled_by = ANY (ARRAY['patient'::text, 'practice'::text, 'site'::text]))),
    CONSTRAINT appointment_check CHECK (((reserved @> during) OR (expires = '-infinity'::timestamp with time zone) OR (isempty(reserved) AND (override_reason IS NOT NULL)))),
    CONSTRAINT appointment_check1 CHECK (((status <> 'held'::text) OR (expires IS NOT NULL))),
    CONSTRAINT appointment_check2 CHECK (((status <> ALL (ARRAY['booked'::text, 'arrived'::text, 'fulfilled'::text, 'noshow'::text])) OR (num_nulls(patient_name, birth_date, patient_key, code_digest) = 0))),
    CONSTRAINT appointment_check3 CHECK (((station IS NULL) = (station_site IS NULL))),
    CONSTRAINT appointment_check4 CHECK (((mode = 'assisted'::text) = (station IS NOT NULL))),
    CONSTRAINT appointment_check5 CHECK (((consent_version IS NULL) = (consented IS NULL))),
    CONSTRAINT appointment_check6 CHECK (((idempotency_key IS NULL) = (idempotency_digest IS NULL))),
    CONSTRAINT appointment_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during)))),
    CONSTRAINT appointment_language_check CHECK ((language = ANY (ARRAY['de'::text, 'en'::text]))),
    CONSTRAINT appointment_mode_check CHECK ((mode = ANY (ARRAY['video'::text, 'assisted'::text, 'in_person'::text]))),
    CONSTRAINT appointment_status_check CHECK ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text, 'cancelled'::text, 'noshow'::text, 'expired'::text])))
);
COMMENT ON TABLE public.appointment IS 'A hold or a booked time, with the little that is known of the patient (B-02). Retention: names and contact 90 days after its end.';
CREATE FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, key text, digest bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ DECLARE
        claimed uuid;
        moves boolean := new_during <> of_appointment.during;
    BEGIN
        INSERT INTO appointment (id, practitioner, service, site, station, station_site, assistant, mode, status, expires,
                                 reserved, during, patient_key, idempotency_key, idempotency_digest)
        VALUES (gen_random_uuid(), of_appointment.practitioner, of_appointment.service, of_appointment.site,
                CASE WHEN moves THEN of_appointment.station END, CASE WHEN moves THEN of_appointment.station_site END,
                CASE WHEN moves THEN of_appointment.assistant END, CASE WHEN moves THEN of_appointment.mode ELSE 'video' END,
                'held', '-infinity', new_reserved, new_during, new_patient, key, digest)
        ON CONFLICT DO NOTHING RETURNING id INTO claimed;
        DELETE FROM appointment WHERE id = claimed;
        RETURN claimed IS NOT NULL;
    END $$;
CREATE FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, at timestamp with time zone) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ WITH stale AS (
            SELECT id FROM appointment
            WHERE status = 'held' AND expires <= at
              AND (practitioner = for_practitioner AND reserved && within OR station = for_station AND during && within)
            FOR UPDATE SKIP LOCKED),
          freed AS (UPDATE appointment SET status = 'expired', changed = at FROM stale
                    WHERE appointment.id = stale.id RETURNING 1)
          SELECT count(*)::integer FROM freed $$;
CREATE FUNCTION public.free_starts(for_services uuid[], for_station uuid, for_assistant uuid, for_patient bytea, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) RETURNS TABLE(service uuid, start timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$ SELECT s.id, free.start
        FROM unnest(for_services) AS wanted (id)
        JOIN service s ON s.id = wanted.id AND s.active
        JOIN practitioner p ON p.id = s.practitioner AND p.active
        JOIN site ON site.id = p.site AND site.active
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
            CROSS JOIN LATERAL generate_series(
                lower(o.during) + s.grid * greatest(0, ceil(
                    extract(epoch FROM reach.since - lower(o.during)) / extract(epoch FROM s.grid))::double precision),
                upper(o.during) - s.duration, s.grid) AS candidate (start)
            WHERE o.practitioner = s.practitioner AND lower(o.during) < reach.until AND upper(o.during) > reach.since
              AND candidate.start < reach.until
              AND NOT busy.times && tstzrange(candidate.start - s.buffer_before, candidate.start + s.duration + s.buffer_after)
              AND NOT others_busy.times && tstzrange(candidate.start, candidate.start + s.duration)
            ORDER BY lower(o.during), candidate.start
            LIMIT each
        ) AS free $$;
CREATE FUNCTION public.moved_to(a public.appointment, start timestamp with time zone, OUT during tstzrange, OUT reserved tstzrange) RETURNS record
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT tstzrange(start, start + (upper(a.during) - lower(a.during))),
        CASE WHEN isempty(a.reserved) THEN a.reserved ELSE tstzrange(
            start - (lower(a.during) - lower(a.reserved)), start + (upper(a.reserved) - lower(a.during))) END $$;
CREATE FUNCTION public.shown(a public.appointment) RETURNS TABLE(id uuid, status text, mode text, start timestamp with time zone, "end" timestamp with time zone, expires timestamp with time zone, extended boolean, service uuid, service_name_de text, service_name_en text, practitioner uuid, practitioner_title text, practitioner_name text, specialty text, site uuid, site_name text, site_town text, site_phone text, zone text, station uuid, station_name text, station_site uuid, assistant uuid, patient_name text, birth_date date, email text, phone text, language text, booked_by uuid, cancelled_by text, consent_version text, consented timestamp with time zone, admitted timestamp with time zone, epoch integer, created timestamp with time zone, changed timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$ SELECT a.id, a.status, a.mode, lower(a.during), upper(a.during), a.expires, a.extended,
            s.id, s.name_de, s.name_en, p.id, p.title, p.name, p.specialty,
            site.id, site.name, site.town, site.phone, site.zone,
            a.station, station.name, a.station_site, a.assistant,
            a.patient_name, a.birth_date, a.email, a.phone, a.language, a.booked_by,
            a.cancelled_by, a.consent_version, a.consented, a.admitted, a.epoch, a.created, a.changed
        FROM service s
        JOIN practitioner p ON p.id = a.practitioner
        JOIN site ON site.id = a.site
        LEFT JOIN station ON station.id = a.station
        WHERE s.id = a.service $$;
CREATE FUNCTION public.slot(for_service uuid, start timestamp with time zone, in_mode text, at_station uuid, at timestamp with time zone) RETURNS TABLE(service uuid, practitioner uuid, site uuid, station uuid, station_site uuid, during tstzrange, reserved tstzrange)
    LANGUAGE sql STABLE
    AS $$ SELECT s.id, p.id, p.site, station.id, station.site, tstzrange(start, start + s.duration),
            tstzrange(start - s.buffer_before, start + s.duration + s.buffer_after)
        FROM service s
        JOIN practitioner p ON p.id = s.practitioner
        JOIN site ON site.id = p.site
        LEFT JOIN station ON station.id = at_station AND station.active
        WHERE s.id = for_service AND s.active AND p.active AND site.active
          AND in_mode = ANY (s.modes) AND (in_mode = 'assisted') = (station.id IS NOT NULL)
          AND start >= at + s.notice AND start < at + s.horizon
          AND EXISTS (SELECT FROM opening o
              WHERE o.practitioner = p.id AND o.during @> tstzrange(start, start + s.duration)
                AND mod(extract(epoch FROM start - lower(o.during)), extract(epoch FROM s.grid)) = 0) $$;
CREATE TABLE public.attendance (
    id bigint NOT NULL,
    appointment uuid NOT NULL,
    seat text NOT NULL,
    joined timestamp with time zone DEFAULT now() NOT NULL,
    "left" timestamp with time zone,
    CONSTRAINT attendance_seat_check CHECK ((seat = ANY (ARRAY['patient'::text, 'practitioner'::text, 'assistant'::text])))
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
COMMENT ON TABLE public.audit IS 'Who did what; no names, only ids. Append only. Retention: 3 years.';
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.closure (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    during tstzrange NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT closure_during_check CHECK (((NOT isempty(during)) AND lower_inc(during) AND (NOT upper_inc(during))))
);
COMMENT ON TABLE public.closure IS 'Time off. Retention: kept.';
CREATE TABLE public.data_file (
    name text NOT NULL,
    digest text NOT NULL
);
COMMENT ON TABLE public.data_file IS 'Which edition of the places and postal codes is loaded. Retention: kept.';
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
    CONSTRAINT practitioner_name_check CHECK ((name <> ''::text))
);
COMMENT ON TABLE public.practitioner IS 'A doctor at a practice, named in public on purpose (B-01). Retention: kept.';
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
COMMENT ON TABLE public.refresh_token IS 'A login that can be renewed. Retention: until it expires.';
CREATE TABLE public.rule (
    id uuid NOT NULL,
    practitioner uuid NOT NULL,
    weekdays smallint[] NOT NULL,
    start_time time without time zone NOT NULL,
    end_time time without time zone NOT NULL,
    zone text NOT NULL,
    every_weeks smallint DEFAULT 1 NOT NULL,
    from_date date NOT NULL,
    until_date date,
    on_holidays boolean DEFAULT false NOT NULL,
    CONSTRAINT rule_check CHECK (((until_date IS NULL) OR (until_date >= from_date))),
    CONSTRAINT rule_every_weeks_check CHECK (((every_weeks >= 1) AND (every_weeks <= 52))),
    CONSTRAINT rule_weekdays_check CHECK (((weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]) AND (cardinality(weekdays) > 0)))
);
COMMENT ON TABLE public.rule IS 'A recurring opening in local time with its IANA zone. Retention: kept.';
CREATE TABLE public.seating (
    appointment uuid NOT NULL,
    epoch integer NOT NULL,
    seat text NOT NULL,
    state text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT seating_seat_check CHECK ((seat = ANY (ARRAY['patient'::text, 'assistant'::text]))),
    CONSTRAINT seating_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'held'::text, 'barred'::text])))
);
COMMENT ON TABLE public.seating IS 'Who was let into a room or removed: connection metadata. Retention: at most 90 days (V-04).';
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
    CONSTRAINT service_buffer_after_check CHECK (((buffer_after >= '00:00:00'::interval) AND (buffer_after <= '04:00:00'::interval))),
    CONSTRAINT service_buffer_before_check CHECK (((buffer_before >= '00:00:00'::interval) AND (buffer_before <= '04:00:00'::interval))),
    CONSTRAINT service_duration_check CHECK (((duration >= '00:05:00'::interval) AND (duration <= '08:00:00'::interval))),
    CONSTRAINT service_grid_check CHECK (((grid >= '00:05:00'::interval) AND (grid <= '08:00:00'::interval))),
    CONSTRAINT service_horizon_check CHECK (((horizon >= '1 day'::interval) AND (horizon <= '366 days'::interval))),
    CONSTRAINT service_modes_check CHECK (((modes <@ '{video,assisted,in_person}'::text[]) AND (cardinality(modes) > 0))),
    CONSTRAINT service_name_de_check CHECK ((name_de <> ''::text)),
    CONSTRAINT service_name_en_check CHECK ((name_en <> ''::text)),
    CONSTRAINT service_notice_check CHECK (((notice >= '00:00:00'::interval) AND (notice <= '90 days'::interval)))
);
COMMENT ON TABLE public.service IS 'What can be booked with a practitioner. Retention: kept.';
CREATE TABLE public.signing_key (
    kid text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    retired timestamp with time zone
);
COMMENT ON TABLE public.signing_key IS 'Names of the Ed25519 keys behind the JWKS. Retention: a day after retirement.';
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
    CONSTRAINT site_kind_check CHECK ((kind = ANY (ARRAY['practice'::text, 'pharmacy'::text, 'hub'::text]))),
    CONSTRAINT site_name_check CHECK ((name <> ''::text))
);
COMMENT ON TABLE public.site IS 'An address where people are: practice, pharmacy or hub. Retention: kept.';
CREATE TABLE public.station (
    id uuid NOT NULL,
    site uuid NOT NULL,
    name text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT station_name_check CHECK ((name <> ''::text))
);
COMMENT ON TABLE public.station IS 'A private room with a screen and devices at a site. Retention: kept.';
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT assistant_taken EXCLUDE USING gist (assistant WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.data_file
    ADD CONSTRAINT data_file_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_practitioner_during_excl EXCLUDE USING gist (practitioner WITH =, during WITH &&);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT patient_taken EXCLUDE USING gist (patient_key WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_login_key UNIQUE (login);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.place
    ADD CONSTRAINT place_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.postal_code
    ADD CONSTRAINT postal_code_pkey PRIMARY KEY (code, name);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_person_key UNIQUE (person);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT practitioner_taken EXCLUDE USING gist (practitioner WITH =, reserved WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rule
    ADD CONSTRAINT rule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.seating
    ADD CONSTRAINT seating_pkey PRIMARY KEY (appointment, epoch, seat);
ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (kid);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.station
    ADD CONSTRAINT station_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT station_taken EXCLUDE USING gist (station WITH =, during WITH &&) WHERE ((status = ANY (ARRAY['held'::text, 'booked'::text, 'arrived'::text, 'fulfilled'::text])));
CREATE INDEX appointment_expires ON public.appointment USING btree (expires) WHERE (status = 'held'::text);
CREATE INDEX appointment_site_day ON public.appointment USING btree (site, lower(during));
CREATE INDEX appointment_station_site_day ON public.appointment USING btree (station_site, lower(during)) WHERE (station_site IS NOT NULL);
CREATE INDEX attendance_appointment ON public.attendance USING btree (appointment);
CREATE INDEX audit_site ON public.audit USING btree (site, at);
CREATE INDEX closure_practitioner ON public.closure USING btree (practitioner);
CREATE INDEX opening_in_order ON public.opening USING btree (practitioner, lower(during));
CREATE INDEX place_search ON public.place USING btree (search text_pattern_ops);
CREATE INDEX place_search_trgm ON public.place USING gin (search public.gin_trgm_ops);
CREATE INDEX place_where ON public.place USING btree (lat, lon);
CREATE INDEX postal_code_where ON public.postal_code USING btree (lat, lon);
CREATE INDEX practitioner_site ON public.practitioner USING btree (site);
CREATE INDEX practitioner_specialty ON public.practitioner USING btree (specialty) WHERE active;
CREATE INDEX refresh_token_family ON public.refresh_token USING btree (family);
CREATE INDEX rule_practitioner ON public.rule USING btree (practitioner);
CREATE INDEX service_practitioner ON public.service USING btree (practitioner);
CREATE INDEX site_place ON public.site USING btree (place) WHERE (active AND (kind = 'practice'::text));
CREATE INDEX station_site ON public.station USING btree (site);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_assistant_fkey FOREIGN KEY (assistant) REFERENCES public.person(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_booked_by_fkey FOREIGN KEY (booked_by) REFERENCES public.person(id);
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
ALTER TABLE ONLY public.attendance
    ADD CONSTRAINT attendance_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.closure
    ADD CONSTRAINT closure_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_person_fkey FOREIGN KEY (person) REFERENCES public.person(id);
ALTER TABLE ONLY public.practitioner
    ADD CONSTRAINT practitioner_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_person_fkey FOREIGN KEY (person) REFERENCES public.person(id);
ALTER TABLE ONLY public.rule
    ADD CONSTRAINT rule_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.seating
    ADD CONSTRAINT seating_appointment_fkey FOREIGN KEY (appointment) REFERENCES public.appointment(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_practitioner_fkey FOREIGN KEY (practitioner) REFERENCES public.practitioner(id);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_place_fkey FOREIGN KEY (place) REFERENCES public.place(id);
ALTER TABLE ONLY public.station
    ADD CONSTRAINT station_site_fkey FOREIGN KEY (site) REFERENCES public.site(id);
ALTER TABLE public.appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointment_assistant ON public.appointment USING (((public.caller_role() = 'assistant'::text) AND ((station_site = public.caller_site()) OR (id = public.caller_appointment()))));
CREATE POLICY appointment_guest ON public.appointment USING (((public.caller_role() = ANY (ARRAY['guest'::text, 'anonymous'::text])) AND (id = public.caller_appointment())));
CREATE POLICY appointment_practice ON public.appointment USING (((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site())));
CREATE POLICY appointment_system ON public.appointment USING ((public.caller_role() = 'system'::text));
ALTER TABLE public.attendance ENABLE ROW LEVEL SECURITY;
CREATE POLICY attendance_of_appointment ON public.attendance USING ((EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = attendance.appointment))));
ALTER TABLE public.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_read ON public.audit FOR SELECT USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
CREATE POLICY audit_write ON public.audit FOR INSERT WITH CHECK ((public.caller_role() IS NOT NULL));
ALTER TABLE public.closure ENABLE ROW LEVEL SECURITY;
CREATE POLICY closure_own ON public.closure USING (((public.caller_role() = 'system'::text) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = closure.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_read ON public.person FOR SELECT USING (((id = public.caller_person()) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (site = public.caller_site())) OR (public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text]))));
CREATE POLICY person_write ON public.person USING ((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])));
ALTER TABLE public.practitioner ENABLE ROW LEVEL SECURITY;
CREATE POLICY practitioner_read ON public.practitioner FOR SELECT USING (true);
CREATE POLICY practitioner_write ON public.practitioner USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (site = public.caller_site()))));
ALTER TABLE public.refresh_token ENABLE ROW LEVEL SECURITY;
CREATE POLICY refresh_token_own ON public.refresh_token USING (((public.caller_role() = 'system'::text) OR (person = public.caller_person())));
ALTER TABLE public.seating ENABLE ROW LEVEL SECURITY;
CREATE POLICY seating_of_appointment ON public.seating USING ((EXISTS ( SELECT
   FROM public.appointment
  WHERE (appointment.id = seating.appointment))));
ALTER TABLE public.service ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_read ON public.service FOR SELECT USING (true);
CREATE POLICY service_write ON public.service USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text])) AND (EXISTS ( SELECT
   FROM public.practitioner
  WHERE ((practitioner.id = service.practitioner) AND (practitioner.site = public.caller_site())))))));
ALTER TABLE public.site ENABLE ROW LEVEL SECURITY;
CREATE POLICY site_read ON public.site FOR SELECT USING (true);
CREATE POLICY site_write ON public.site USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = ANY (ARRAY['practitioner'::text, 'staff'::text, 'assistant'::text])) AND (id = public.caller_site()))));
ALTER TABLE public.station ENABLE ROW LEVEL SECURITY;
CREATE POLICY station_read ON public.station FOR SELECT USING (true);
CREATE POLICY station_write ON public.station USING (((public.caller_role() = ANY (ARRAY['admin'::text, 'system'::text])) OR ((public.caller_role() = 'assistant'::text) AND (site = public.caller_site()))));
GRANT USAGE ON SCHEMA public TO telemed_app;
REVOKE ALL ON FUNCTION public.appointment_by_code(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_by_code(digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_by_key(key text, OUT id uuid, OUT digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid, for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.blockers(for_practitioner uuid, its_reserved tstzrange, for_station uuid, for_assistant uuid, for_patient bytea, its_during tstzrange, except_appointment uuid, at timestamp with time zone) TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.appointment TO telemed_app;
REVOKE ALL ON FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, key text, digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim(of_appointment public.appointment, new_reserved tstzrange, new_during tstzrange, new_patient bytea, key text, digest bytea) TO telemed_app;
REVOKE ALL ON FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_expired_holds(for_practitioner uuid, for_station uuid, within tstzrange, at timestamp with time zone) TO telemed_app;
REVOKE ALL ON FUNCTION public.free_starts(for_services uuid[], for_station uuid, for_assistant uuid, for_patient bytea, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_starts(for_services uuid[], for_station uuid, for_assistant uuid, for_patient bytea, earliest timestamp with time zone, latest timestamp with time zone, at timestamp with time zone, each integer) TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.attendance TO telemed_app;
GRANT USAGE ON SEQUENCE public.attendance_id_seq TO telemed_app;
GRANT SELECT,INSERT ON TABLE public.audit TO telemed_app;
GRANT USAGE ON SEQUENCE public.audit_id_seq TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.closure TO telemed_app;
GRANT SELECT ON TABLE public.data_file TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.opening TO telemed_app;
GRANT USAGE ON SEQUENCE public.opening_id_seq TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.person TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.place TO telemed_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.postal_code TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.practitioner TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_token TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rule TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.seating TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.service TO telemed_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.signing_key TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.site TO telemed_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.station TO telemed_app;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT USAGE ON SEQUENCES TO telemed_app;
