-- Logs of finished runs that are to be packed: what the packer reads instead of all runs and the whole volume.
CREATE TABLE raw_logs (
    run_id  TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    -- About.
    bytes   INTEGER NOT NULL,
    -- Not before; sooner if there are too many bytes. Moved on when packing fails.
    pack_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX raw_logs_by_time ON raw_logs (pack_at, bytes);

-- Those that finished before there was this list: a day after their end, if they are long enough.
INSERT INTO raw_logs (run_id, bytes, pack_at)
SELECT id, bytes, finished_at + 86400000
FROM (SELECT id, finished_at, coalesce(json_extract(log, '$.stdout_bytes'), 0)
             + coalesce(json_extract(log, '$.stderr_bytes'), 0)
             + 40 * coalesce(json_extract(log, '$.records'), 0) AS bytes
      FROM runs
      WHERE finished_at IS NOT NULL AND log IS NOT NULL)
WHERE bytes >= 65536;
