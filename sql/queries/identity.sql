-- Who somebody is: logins, refresh tokens, signing keys.

-- name: person_by_login
-- The person behind a login, with the hash to compare.
SELECT person.id, person.login, person.name, person.role, person.site, person.password, person.active,
       practitioner.id AS practitioner
FROM person LEFT JOIN practitioner ON practitioner.person = person.id
WHERE person.login = :login;

-- name: person_by_id
-- The person behind an access token, if still active.
SELECT person.id, person.login, person.name, person.role, person.site, person.password, person.active,
       practitioner.id AS practitioner
FROM person LEFT JOIN practitioner ON practitioner.person = person.id
WHERE person.id = :person AND person.active;

-- name: add_person
-- A new login.
INSERT INTO person (id, login, name, role, site, password) VALUES (:id, :login, :name, :role, :site, :password);

-- name: set_password
-- A new hash after a change or a rehash.
UPDATE person SET password = :password WHERE id = :person;

-- name: add_refresh_token
-- The next token of a family (a new family at login).
INSERT INTO refresh_token (id, family, person, digest, created, expires)
VALUES (:id, :family, :person, :digest, :now, :expires);

-- name: spend_refresh_token
-- One guarded statement: only a token that is neither spent nor revoked nor expired can be spent, and only once.
UPDATE refresh_token SET spent = :now
WHERE digest = :digest AND spent IS NULL AND revoked IS NULL AND expires > :now
RETURNING family, person;

-- name: refresh_token_family
-- Why a token could not be spent: the family of a token that was spent before (reuse).
SELECT family, spent, person FROM refresh_token WHERE digest = :digest;

-- name: revoke_family
-- Ends a login everywhere: at logout, and when a spent token turns up again.
UPDATE refresh_token SET revoked = :now WHERE family = :family AND revoked IS NULL;

-- name: signing_keys
-- Every key that may still have valid tokens, the newest first.
SELECT kid, created, retired FROM signing_key ORDER BY created DESC, kid;

-- name: add_signing_key
-- A new key's name; its private half is derived, never stored.
INSERT INTO signing_key (kid, created) VALUES (:kid, :now);

-- name: retire_signing_keys
-- Older keys sign no more.
UPDATE signing_key SET retired = :now WHERE retired IS NULL AND kid <> :kid;

-- name: audit
-- Who did what, where no other statement writes it along.
INSERT INTO audit (role, person, site, verb, appointment, detail)
VALUES (:role, :person, :site, :verb, :appointment, :detail);

-- name: announce_signing_key
-- Tells the other nodes, so that they know the key before its first token arrives.
SELECT pg_notify('signing_key', :kid);

-- name: seat_practitioner
-- The login that may take this practitioner's seat; both belong to the same site.
UPDATE practitioner SET person = :person
WHERE id = :practitioner AND site = (SELECT site FROM person WHERE person.id = :person);

-- name: show_badge
-- A station's screen shows its badge. The next one becomes the current one when it is first shown; one that is not genuine
-- is a copy of one that was, because they are signed: that ends the pairing.
WITH shown AS (
    UPDATE pairing SET
        seen = CASE WHEN :serial::int >= serial THEN :now ELSE seen END,
        serial = CASE WHEN :serial::int = serial + 1 THEN :serial ELSE serial END,
        badge = CASE WHEN :serial = serial + 1 THEN :badge::text ELSE badge END,
        advanced = CASE WHEN :serial = serial + 1 THEN :now::timestamptz ELSE advanced END,
        ended = CASE WHEN NOT is_genuine(pairing, :serial, :badge, :now) THEN :now END,
        why = CASE WHEN NOT is_genuine(pairing, :serial, :badge, :now) THEN 'copied' END
    WHERE id = :pairing AND ended IS NULL
    RETURNING id, station, site, serial, badge, advanced, ended IS NULL AS good),
told AS (
    INSERT INTO audit (at, role, site, verb, detail)
    SELECT :now, 'station', site, 'station.copied', station::text FROM shown WHERE NOT good)
SELECT serial, badge, advanced, good, CASE WHEN NOT good THEN pg_notify('unpaired', id::text) END AS told FROM shown;
