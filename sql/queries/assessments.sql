-- New patients before their first video: who asked to be called, and what the practice decided (B-09).

-- name: ask
-- A patient asks the practice of a service to call. False: this service does not need it.
SELECT ask_assessment(:id, :service, :patient_key, :patient_name, :birth_date, :phone, :language, :now);

-- name: open
-- Whom a practice has to call, those who wait longest first.
SELECT it.id, it.site, it.patient_name, it.birth_date, it.phone, it.language, it.asked, it.result AS earlier,
       s.id AS service, s.name_de AS service_name_de, s.name_en AS service_name_en,
       concat_ws(' ', nullif(p.title, ''), p.name) AS practitioner_name, p.id AS practitioner
FROM assessment it JOIN service s ON s.id = it.service JOIN practitioner p ON p.id = s.practitioner
WHERE it.site = :site AND it.patient_name IS NOT NULL AND (:id::uuid IS NULL OR it.id = :id)
ORDER BY it.asked, it.id LIMIT 200;

-- name: decide
-- The result; name and number go as it comes. No row: decided already, or of another practice.
WITH decided AS (
    UPDATE assessment SET result = :result, decided = greatest(:now, asked), decided_by = caller_person(),
        patient_name = NULL, birth_date = NULL, phone = NULL
    WHERE id = :id AND site = :site AND patient_name IS NOT NULL
    RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'assessment.decide', concat(:result::text, ' ', id) FROM decided;

-- name: note
-- What a practice knows of somebody without having been asked; a question that is open is answered by it.
WITH noted AS (
    INSERT INTO assessment (id, site, service, patient_key, result, asked, decided, decided_by)
    VALUES (:id, :site, :service, :patient_key, :result, :now, :now, caller_person())
    ON CONFLICT (site, patient_key) DO UPDATE SET result = excluded.result,
        decided = greatest(excluded.decided, assessment.asked), decided_by = excluded.decided_by, patient_name = NULL,
        birth_date = NULL, phone = NULL
    RETURNING id, site)
INSERT INTO audit (at, role, person, site, verb, detail)
SELECT :now, caller_role(), caller_person(), site, 'assessment.decide', concat(:result::text, ' ', id) FROM noted;

-- name: site
-- Which practice a service is of.
SELECT p.site FROM service s JOIN practitioner p ON p.id = s.practitioner WHERE s.id = :service;

-- name: phone
-- Where a practice can be called, for those who wait for its call.
SELECT phone FROM site WHERE id = :site;

-- name: there
-- Whether the caller's practice has this one at all.
SELECT EXISTS (SELECT FROM assessment WHERE id = :id);
