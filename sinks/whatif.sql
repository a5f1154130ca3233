-- What if a held rule had other thresholds? One row per session and try, with the events that the rule would have had.
--
-- The events equal those of the fold (scoring/fold/rules.py, conditions.py, coverage.py), from onset to end; tested equal on
-- generated exams. Covered are all signals of faces, against the stored baseline and with the personal widening, and
-- those of objects, with hysteresis, `only_if` and `trust`. A session without a look of that detector has no row.
--
-- Not covered, and then `covered` is false:
--   - a session whose source's clock may have jumped (a minute ahead with no frame missing, or five seconds back), or
--     that opened again after silence had closed it;
--   - a session without a stored baseline under its own policy (it is still being calibrated).
-- Not covered, and not told by `covered`:
--   - rules of other kinds than held, signals of hands, speech, identity and browser, and `mouth_change`;
--   - accommodations: events are those that would be found, also the ones that an accommodation keeps from counting;
--   - a policy whose [calibration] is another one: the baseline is the one that was learned;
--   - a bundle that scoring buried because it could not be folded: its observations are rows here;
--   - of a calibration of more than 1,200 looks, those after them.
-- While a session has not ended, its last event may still be `open`.
--
-- Parameters
--   sessions: which; none: every stored one
--   signals, upward: the signals of the rule's tests, in order; 1 for at_least, 0 for at_most
--   tries: what is tried, each with the thresholds and untils of these tests (until = threshold where there is none),
--     hold_ms, gap_ms, clear_ms, cooldown_ms; `number` counts them from 1
--   beside_signals, beside_thresholds, beside_upward: the tests of only_if; trust_...: those of trust
--   min_brightness, min_sharpness, min_face_share, eyes_closed_below, min_confidence: [quality] of the policy
--   taxonomy: the labels that the bits of `knows` stand for, in order
--   spreads, widest: its [calibration]; bridged_steps, longest_step_ms: its [evidence]
WITH
  -- Python's round(x, 4): the decimal nearest to the double itself.
  x -> toInt64(replaceOne(printf('%.4f', x), '.', '')) / 10000 AS four_digits,
  (signal) -> toUInt8(transform(
    signal,
    ['head_yaw', 'head_left', 'head_right', 'head_pitch', 'head_up', 'head_down', 'head_roll',
     'gaze_x', 'gaze_left', 'gaze_right', 'gaze_y', 'gaze_up', 'gaze_down', 'sight', 'sight_left', 'sight_right'],
    [1, 1, 1, 2, 2, 2, 3, 4, 4, 4, 5, 5, 5, 8, 8, 8], 0
  )) AS measure_of,
  -- The threshold for this person: a restless one gets a wider one. `own`: spreads that widen, none for a calm person.
  (threshold, is_upward, measure, own) -> if(
    is_upward AND measure > 0 AND notEmpty(own) AND own[measure] > threshold,
    least(own[measure], four_digits(threshold * {widest:Float64})), threshold
  ) AS limit_of,
  (value, is_upward, bound) -> if(is_upward, value >= bound, value <= bound) AS is_beyond,

  -- One look further, as scoring/fold/conditions.py judges it and scoring/fold/rules.py holds it.
  -- `was.phase`: 0 nothing is held, 1 something is, 2 it is an event. `is_over`: what was held ended before this look.
  (was, look, clear_ms) -> was.phase > 0 AND (look.is_gap OR look.at_ms - was.last.at_ms >
    if(was.phase = 2, greatest(clear_ms, look.patience_ms), look.patience_ms)) AS is_over,
  (was, look, clear_ms) -> was.phase = 2 AND is_over(was, look, clear_ms) AS is_closing,
  (was, look, clear_ms) -> was.phase > 0 AND NOT is_over(was, look, clear_ms) AS goes_on,
  (was, look, clear_ms) -> if(is_over(was, look, clear_ms), 0, was.latched) AS latched_of,
  -- Bits of the tests that are true; a latched one as long as it is kept.
  (was, look, clear_ms) -> bitOr(bitAnd(latched_of(was, look, clear_ms), look.kept),
    bitAnd(bitNot(latched_of(was, look, clear_ms)), look.over)) AS hits_of,
  (was, look, clear_ms) -> hits_of(was, look, clear_ms) != 0 AND look.is_trusted AND look.beside = 1 AS is_true,
  (was, look, clear_ms) -> look.is_trusted AND multiIf(
    hits_of(was, look, clear_ms) != 0, look.beside != -1,
    look.known = bitShiftLeft(toUInt64(1), length({signals:Array(String)})) - 1, 1,
    notEmpty({beside_signals:Array(String)}) AND look.beside = 0) AS is_known,
  (was, look, clear_ms) -> NOT look.is_trusted OR (
    notEmpty({beside_signals:Array(String)}) AND NOT is_true(was, look, clear_ms) AND (
      hits_of(was, look, clear_ms) != 0
      OR look.known != bitShiftLeft(toUInt64(1), length({signals:Array(String)})) - 1)) AS keeps_latches,
  (was, look, clear_ms, hold_ms, cooldown_ms) -> is_true(was, look, clear_ms)
    AND NOT (was.phase = 2 AND goes_on(was, look, clear_ms))
    AND if(goes_on(was, look, clear_ms), was.held_ms + look.seen_ms, 0) >= hold_ms
    AND look.at_ms - if(is_closing(was, look, clear_ms), was.last.at_ms, was.ended_ms) >= cooldown_ms AS fires,
  (was, look, clear_ms) -> arrayMap(
    (excess, n) -> if(bitTest(hits_of(was, look, clear_ms), n - 1), excess, -inf),
    look.excesses, arrayEnumerate(look.excesses)) AS excesses_of,
  (was, look, clear_ms) -> arrayMax(excesses_of(was, look, clear_ms)) AS excess_of,
  (was, look, clear_ms) -> indexOf(excesses_of(was, look, clear_ms), excess_of(was, look, clear_ms)) AS furthest_of,
  (was, look, clear_ms) -> (
    look.seq, look.at_ms, furthest_of(was, look, clear_ms), look.tested[furthest_of(was, look, clear_ms)],
    look.limits[furthest_of(was, look, clear_ms)], excess_of(was, look, clear_ms)) AS peak_of,
  (was) -> (was.onset.1, was.onset.2, was.fired_ms, was.last.1, was.last.2, was.peak.seq, was.peak.at_ms,
    {signals:Array(String)}[was.peak.test], was.peak.threshold, was.peak.value) AS event_of,

  if(startsWith({signals:Array(String)}[1], 'object:') OR startsWith({signals:Array(String)}[1], 'second:'),
     'objects', 'face') AS stream,
  ['yaw_deg', 'pitch_deg', 'roll_deg', 'gaze_x', 'gaze_y', 'eye_openness', 'mouth_openness', 'sight_yaw_deg'] AS measures,

  stored AS (
    SELECT * FROM observations FINAL WHERE empty({sessions:Array(String)}) OR session IN {sessions:Array(String)}
  ),
  life AS (
    SELECT
      session, argMin(capture_ms, (log_offset, position)) AS start_ms,
      argMin(kind, (log_offset, position)) = 'session-started' AS announced,
      minIf((log_offset, position), kind = 'session-ended') AS last_word,
      countIf(kind = 'session-ended') > 0 AS has_last_word
    FROM stored GROUP BY session
  ),
  spoken AS (
    SELECT
      session, maxIf(frame_interval_ms, phase = 'started') AS interval_ms,
      maxIf(frames_sent, phase = 'ended') AS frames_sent
    FROM sessions FINAL WHERE empty({sessions:Array(String)}) OR session IN {sessions:Array(String)} GROUP BY session
  ),
  -- Where the session was complete: what comes later in the log was not folded.
  passed AS (
    SELECT session, min((log_offset, position)) AS at
    FROM stored INNER JOIN spoken USING (session)
    WHERE kind = 'frames-ended' AND seq >= frames_sent GROUP BY session
  ),
  own_baseline AS (
    SELECT
      session, argMax(arrayMap(name -> baseline[name], measures), log_offset) AS middle,
      argMax(arrayMap(name -> spread[name], measures), log_offset) AS spreads,
      arrayMap(one -> four_digits(one * {spreads:Float64}), spreads) AS wide,
      if(arrayExists(one -> one != 0, spreads), wide, []) AS own
    FROM calibrations FINAL
    WHERE origin = 'live' AND (empty({sessions:Array(String)}) OR session IN {sessions:Array(String)}) GROUP BY session
  ),
  reopened AS (
    SELECT session, max(revision) > 1 AS once_more FROM verdicts FINAL
    WHERE origin = 'live' AND (empty({sessions:Array(String)}) OR session IN {sessions:Array(String)}) GROUP BY session
  ),
  session_facts AS (
    SELECT
      life.session AS session, life.start_ms AS start_ms,
      if(life.announced, greatest(spoken.interval_ms, 0), 0) AS expected_ms,
      life.has_last_word AND (spoken.frames_sent <= 0 OR notEmpty(passed.session)) AS closed,
      if(spoken.frames_sent <= 0, life.last_word, greatest(life.last_word, passed.at)) AS end_place,
      notEmpty(own_baseline.session) AS calibrated, reopened.once_more AS reopened,
      own_baseline.middle AS middle, own_baseline.own AS own
    FROM life
    LEFT JOIN spoken ON spoken.session = life.session
    LEFT JOIN passed ON passed.session = life.session
    LEFT JOIN own_baseline ON own_baseline.session = life.session
    LEFT JOIN reopened ON reopened.session = life.session
  ),
  -- The looks that were folded, each at its time on the session's clock: a detector's frames in rising order.
  folded AS (
    SELECT * EXCEPT (seen_seq)
    FROM (
      SELECT *, max(toNullable(seq)) OVER earlier AS seen_seq
      FROM stored WHERE kind IN ('face', 'objects', 'hands', 'speech', 'identity', 'browser')
      WINDOW earlier AS (
        PARTITION BY session, kind ORDER BY log_offset, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      )
    ) WHERE seq > ifNull(seen_seq, -1)
  ),
  timed AS (
    SELECT
      folded.*, facts.* EXCEPT (session),
      greatest(start_ms, max(capture_ms) OVER same) AS at_ms,
      ifNull(brightness >= {min_brightness:Float64} AND sharpness >= {min_sharpness:Float64}, 0)
        AND NOT ifNull(covered, 0) AS is_clear,
      lagInFrame(toNullable(face_width_share)) OVER faced AS width_before,
      if(width_before IS NULL, NULL, greatest(face_width_share, width_before)) AS wider_of_two
    FROM folded INNER JOIN session_facts AS facts ON facts.session = folded.session
    WHERE NOT closed OR (log_offset, position) <= end_place
    WINDOW
      same AS (
        PARTITION BY session, kind ORDER BY log_offset, position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      faced AS (
        PARTITION BY session, kind, face_count > 0 ORDER BY log_offset, position
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ),
  stepped AS (
    SELECT
      *,
      row_number() OVER same AS place,
      at_ms - lagInFrame(toNullable(at_ms)) OVER same AS since_ms,
      lagInFrame(toNullable(seq)) OVER same AS last_seq,
      capture_ms - lagInFrame(toNullable(at_ms)) OVER same AS clock_step_ms,
      anyLast(if(kind = 'face' AND face_count > 0, wider_of_two, NULL)) OVER before AS last_wider,
      at_ms - anyLast(if(kind = 'face' AND face_count > 0, at_ms, NULL)) OVER before AS since_face_ms,
      ifNull(anyLast(if(kind = 'face', is_clear, NULL)) OVER before, 1) AS was_clear
    FROM timed
    WINDOW
      same AS (
        PARTITION BY session, kind ORDER BY log_offset, position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      before AS (PARTITION BY session ORDER BY log_offset, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ),
  paced AS (
    SELECT
      *, ifNull(since_ms, 0) AS step_ms,
      arraySort(groupArray(if(since_ms > {longest_step_ms:Int64}, {longest_step_ms:Int64}, since_ms)) OVER (
        PARTITION BY session, kind ORDER BY place ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING)) AS steps,
      if(empty(steps), 0, steps[intDiv(3 * (length(steps) - 1), 4) + 1]) AS usual_ms,
      least(if(usual_ms = 0, expected_ms, usual_ms), {longest_step_ms:Int64}) AS expected_step_ms,
      toInt64(roundBankers({bridged_steps:Float64} * expected_step_ms)) AS bridge_ms,
      multiIf(
        expected_step_ms = 0, least(step_ms, {longest_step_ms:Int64}),
        step_ms * 2 <= expected_step_ms * 3, step_ms, expected_step_ms) AS seen_ms,
      (clock_step_ms < -5000) OR (clock_step_ms > 60000 AND seq = last_seq + 1) AS jumped
    FROM stepped
  ),
  -- Signals, as scoring/rulebook/signals.py takes them from one look.
  faces AS (
    SELECT
      *,
      multiIf(
        face_count > 0,
        if(arrayCount(w -> w >= {min_face_share:Float64}, face_width_shares) AS wide_enough > 0, wide_enough, -1),
        is_clear AND NOT (
          ifNull(last_wider < {min_face_share:Float64}, 0) AND since_face_ms <= 5000 AND ifNull(person, 1) >= 0.5
        ), 0, -1) AS faces_known,
      calibrated AND faces_known > 0 AND ifNull(isFinite(
        yaw_deg + pitch_deg + roll_deg + gaze_x + gaze_y + eye_openness + mouth_openness + ifNull(sight_yaw_deg, 0)
        ), 0) AS is_measured,
      if(is_measured AND middle[6] > 0, eye_openness / middle[6], NULL) AS openness,
      ifNull(openness < {eyes_closed_below:Float64}, 0) AS eyes_closed
    FROM paced
  ),
  looked AS (
    SELECT
      session, place, seq, at_ms, step_ms, seen_ms, bridge_ms, own,
      arrayConcat({signals:Array(String)}, {beside_signals:Array(String)}, {trust_signals:Array(String)}) AS asked,
      arrayMap(signal -> CAST(multiIf(
        signal = 'face_count', if(faces_known >= 0, faces_known, NULL),
        signal = 'brightness', brightness,
        signal = 'sharpness', sharpness,
        signal = 'frozen', toFloat64(frozen),
        signal = 'looped', toFloat64(looped),
        signal = 'framed', toFloat64(framed),
        signal = 'covered', toFloat64(covered),
        signal IN ('absent', 'turned_away') AND faces_known != 0, if(faces_known > 0, 0., NULL),
        signal = 'absent', 1 - ifNull(person, 0),
        signal = 'turned_away', person,
        startsWith(signal, 'object:') OR startsWith(signal, 'second:'), if(
          length(arrayFilter(
              (c, label) -> label = substring(signal, 8) AND c > 0 AND c <= 1, confidences, labels) AS found)
            > startsWith(signal, 'second:'),
          arrayReverseSort(found)[1 + startsWith(signal, 'second:')],
          if(was_clear AND (
            ifNull(knows, -1) < 0
            OR bitTest(toUInt64(knows), toUInt8(indexOf({taxonomy:Array(String)}, substring(signal, 8)) - 1))), 0., NULL)),
        NOT is_measured, NULL,
        startsWith(signal, 'head_') AND pose_confidence < {min_confidence:Float64}, NULL,
        (startsWith(signal, 'gaze_') OR startsWith(signal, 'sight'))
          AND gaze_confidence < {min_confidence:Float64}, NULL,
        signal = 'eye_openness' AND openness_confidence < {min_confidence:Float64}, NULL,
        signal = 'head_yaw', abs(yaw_deg - middle[1]),
        signal = 'head_left', -(yaw_deg - middle[1]),
        signal = 'head_right', yaw_deg - middle[1],
        signal = 'head_pitch', abs(pitch_deg - middle[2]),
        signal = 'head_up', pitch_deg - middle[2],
        signal = 'head_down', -(pitch_deg - middle[2]),
        signal = 'head_roll', abs(roll_deg - middle[3]),
        signal = 'head_turn', hypot(yaw_deg - middle[1], roll_deg - middle[3]),
        eyes_closed AND (startsWith(signal, 'gaze_') OR startsWith(signal, 'sight')), 0.,
        signal = 'gaze_x', abs(gaze_x - middle[4]),
        signal = 'gaze_left', -(gaze_x - middle[4]),
        signal = 'gaze_right', gaze_x - middle[4],
        signal = 'gaze_y', abs(gaze_y - middle[5]),
        signal = 'gaze_up', -(gaze_y - middle[5]),
        signal = 'gaze_down', gaze_y - middle[5],
        signal = 'sight', abs(sight_yaw_deg - middle[8]),
        signal = 'sight_left', -(sight_yaw_deg - middle[8]),
        signal = 'sight_right', sight_yaw_deg - middle[8],
        signal = 'eye_openness', if(eyes_closed OR openness >= {eyes_closed_below:Float64} * 1.1, openness, NULL),
        signal = 'mouth_openness', if(middle[7] > 0, mouth_openness / middle[7], NULL),
        signal = 'face_width', face_width_share,
        NULL), 'Nullable(Float64)'), asked) AS values
    FROM faces
    WHERE kind = stream
  ),
  -- What each try says of each look: bits of the tests that are known, beyond their limit, beyond where it is kept.
  judged AS (
    SELECT
      session, number, tried.hold_ms AS hold_ms, tried.clear_ms AS clear_ms, tried.cooldown_ms AS cooldown_ms,
      place, seq, at_ms, seen_ms,
      greatest(tried.gap_ms, bridge_ms) AS patience_ms, step_ms > patience_ms AS is_gap,
      arraySlice(values, 1, length({signals:Array(String)})) AS tested,
      arrayMap((signal, threshold, is_upward) -> limit_of(threshold, is_upward, measure_of(signal), own),
        {signals:Array(String)}, tried.thresholds, {upward:Array(UInt8)}) AS limits,
      arrayMap((limit, threshold, until) -> limit * if(threshold = 0, 1., until / threshold),
        limits, tried.thresholds, tried.untils) AS keeps,
      arrayEnumerate(tested) AS numbers,
      arraySum(arrayMap((value, n) -> if(isNull(value), 0, bitShiftLeft(toUInt64(1), n - 1)),
        tested, numbers)) AS known,
      arraySum(arrayMap((value, is_upward, limit, n) -> if(ifNull(is_beyond(value, is_upward, limit), 0),
        bitShiftLeft(toUInt64(1), n - 1), 0), tested, {upward:Array(UInt8)}, limits, numbers)) AS over,
      arraySum(arrayMap((value, is_upward, limit, n) -> if(ifNull(is_beyond(value, is_upward, limit), 0),
        bitShiftLeft(toUInt64(1), n - 1), 0), tested, {upward:Array(UInt8)}, keeps, numbers)) AS kept,
      arrayMap((value, is_upward, limit) -> ifNull(
        if(is_upward, value - limit, limit - value) / if(limit = 0, 1., abs(limit)), 0.),
        tested, {upward:Array(UInt8)}, limits) AS excesses,
      arrayMap((value, signal, threshold, is_upward) ->
          is_beyond(value, is_upward, limit_of(threshold, is_upward, measure_of(signal), own)),
        arraySlice(values, 1 + length({signals:Array(String)}), length({beside_signals:Array(String)})),
        {beside_signals:Array(String)}, {beside_thresholds:Array(Float64)}, {beside_upward:Array(UInt8)}) AS besides,
      -- 1: true, or nothing is asked for; 0: false; -1: unknown
      multiIf(arrayExists(one -> one = 0, besides), 0, arrayExists(one -> isNull(one), besides), -1, 1) AS beside,
      arrayAll(one -> ifNull(one, 0), arrayMap((value, signal, threshold, is_upward) ->
          is_beyond(value, is_upward, limit_of(threshold, is_upward, measure_of(signal), own)),
        arraySlice(values, 1 + length({signals:Array(String)}) + length({beside_signals:Array(String)})),
        {trust_signals:Array(String)}, {trust_thresholds:Array(Float64)}, {trust_upward:Array(UInt8)})) AS is_trusted
    FROM looked
    ARRAY JOIN
      CAST({tries:Array(Tuple(Array(Float64), Array(Float64), Int64, Int64, Int64, Int64))},
        'Array(Tuple(thresholds Array(Float64), untils Array(Float64), hold_ms Int64, gap_ms Int64, clear_ms Int64,
          cooldown_ms Int64))'
      ) AS tried,
      arrayEnumerate({tries:Array(Tuple(Array(Float64), Array(Float64), Int64, Int64, Int64, Int64))}) AS number
  ),
  -- While nothing is held a look at which no test is true changes nothing. What is held ends at the latest at the first
  -- look after the longest patience; the others of a quiet stretch are left out, which is most of an exam.
  lively AS (
    SELECT * FROM (
      SELECT
        *, max(at_ms) OVER earlier AS before_ms,
        max(if(over != 0 OR kept != 0, at_ms, NULL)) OVER earlier AS stirred_ms,
        greatest(max(patience_ms) OVER (PARTITION BY session, number), clear_ms) AS longest_ms
      FROM judged
      WINDOW earlier AS (
        PARTITION BY session, number ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) WHERE place = 1 OR over != 0 OR kept != 0 OR before_ms - stirred_ms <= longest_ms
  ),
  in_order AS (
    SELECT
      session, number, any(hold_ms) AS hold_ms, any(clear_ms) AS clear_ms, any(cooldown_ms) AS cooldown_ms,
      arraySort(one -> one.place, groupArray(CAST(
        (place, seq, at_ms, seen_ms, patience_ms, is_gap, known, over, kept, beside, is_trusted, excesses,
          arrayMap(one -> ifNull(one, 0.), tested), limits),
        'Tuple(place UInt64, seq Int64, at_ms Int64, seen_ms Int64, patience_ms Int64, is_gap UInt8, known UInt64,
          over UInt64, kept UInt64, beside Int8, is_trusted UInt8, excesses Array(Float64), tested Array(Float64),
          limits Array(Float64))'
      ))) AS looks
    FROM lively GROUP BY session, number
  ),
  followed AS (
    SELECT
      session, number,
      arrayFold((was, look) -> CAST((
          multiIf(
            fires(was, look, clear_ms, hold_ms, cooldown_ms), 2, goes_on(was, look, clear_ms), was.phase,
            is_true(was, look, clear_ms), 1, 0),
          if(goes_on(was, look, clear_ms), was.onset, (look.seq, look.at_ms)),
          if(is_true(was, look, clear_ms), (look.seq, look.at_ms), was.last),
          if(is_true(was, look, clear_ms) AND (NOT goes_on(was, look, clear_ms)
              OR excess_of(was, look, clear_ms) > was.peak.excess),
            peak_of(was, look, clear_ms), was.peak),
          multiIf(
            NOT goes_on(was, look, clear_ms) AND NOT is_true(was, look, clear_ms), 0,
            keeps_latches(was, look, clear_ms), latched_of(was, look, clear_ms),
            bitOr(hits_of(was, look, clear_ms), bitAnd(latched_of(was, look, clear_ms), bitNot(look.known)))),
          if(goes_on(was, look, clear_ms), was.held_ms + if(is_known(was, look, clear_ms), look.seen_ms, 0), 0),
          if(fires(was, look, clear_ms, hold_ms, cooldown_ms), look.at_ms, was.fired_ms),
          if(is_closing(was, look, clear_ms), was.last.at_ms, was.ended_ms),
          if(is_closing(was, look, clear_ms), arrayPushBack(was.events, event_of(was)), was.events)
        ), 'Tuple(
          phase UInt8, onset Tuple(seq Int64, at_ms Int64), last Tuple(seq Int64, at_ms Int64),
          peak Tuple(seq Int64, at_ms Int64, test UInt64, value Float64, threshold Float64, excess Float64),
          latched UInt64, held_ms Int64, fired_ms Int64, ended_ms Int64,
          events Array(Tuple(
            onset_seq Int64, start_ms Int64, fired_ms Int64, end_seq Int64, end_ms Int64, peak_seq Int64, peak_ms Int64,
            signal String, threshold Float64, peak Float64)))'),
        looks, CAST((0, (0, 0), (0, 0), (0, 0, 0, 0, 0, 0), 0, 0, 0, -4000000000000000000, []), 'Tuple(
          phase UInt8, onset Tuple(seq Int64, at_ms Int64), last Tuple(seq Int64, at_ms Int64),
          peak Tuple(seq Int64, at_ms Int64, test UInt64, value Float64, threshold Float64, excess Float64),
          latched UInt64, held_ms Int64, fired_ms Int64, ended_ms Int64,
          events Array(Tuple(
            onset_seq Int64, start_ms Int64, fired_ms Int64, end_seq Int64, end_ms Int64, peak_seq Int64, peak_ms Int64,
            signal String, threshold Float64, peak Float64)))')) AS at_end
    FROM in_order
  )
SELECT
  facts.session AS session, number,
  toBool(calibrated AND NOT reopened AND NOT has_jumped) AS covered, toBool(closed) AS is_closed,
  toBool(at_end.phase = 2 AND NOT closed) AS open,
  CAST(if(at_end.phase = 2, arrayPushBack(at_end.events, event_of(at_end)), at_end.events), 'Array(Tuple(
    onset_seq Int64, start_ms Int64, fired_ms Int64, end_seq Int64, end_ms Int64, peak_seq Int64, peak_ms Int64,
    signal String, threshold Float64, peak Float64))') AS events
FROM session_facts AS facts
INNER JOIN followed ON followed.session = facts.session
LEFT JOIN (SELECT session, max(ifNull(jumped, 0)) AS has_jumped FROM paced GROUP BY session) AS clocks
  ON clocks.session = facts.session
ORDER BY session, number
