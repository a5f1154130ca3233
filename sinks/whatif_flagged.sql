-- How many sessions would a held rule flag, try by try? Parameters and limits are those of whatif.sql, whose text stands
-- in for its name below.
SELECT
  number, count() AS sessions, countIf(covered) AS covered_sessions,
  countIf(covered AND notEmpty(events)) AS flagged, sumIf(length(events), covered) AS events_found
FROM (
{whatif.sql}
)
GROUP BY number ORDER BY number
