import StreamtopBase
import StreamtopModel

/// What encoder, origin, caches and clocks do to a media session (rules 14, 31 to 34 and 69).
enum DeliveryRules {
    static let serverTime = Threshold("time of the server, p95", 500, .milliseconds, source: "own")
    static let requests = Threshold("requests, at least", 20, .count, source: "own")
    static let uneven = Threshold(
        "chunks made later than this after the one before, p95", 1.5, .ratio, source: "own; in lengths of a chunk")
    static let shortTransfer = Threshold("while they come within", 0.3, .ratio, source: "own; in lengths of a chunk")
    static let chunks = Threshold("chunks, at least", 40, .count, source: "own")
    static let gathered = Threshold("segments whose chunks came in bursts", 3, .count, source: "own; CMAF practice")
    static let drift = Threshold("latency grows by, in a minute", 50, .milliseconds, source: "DASH-IF")
    static let holdBack = Threshold(
        "PART-HOLD-BACK over the part's length, below", 2, .ratio, source: "draft-pantos-hls-rfc8216bis section 4.4.3.8"
    )
    static let reload = Threshold(
        "blocking reload over the target duration", 3, .ratio, source: "draft-pantos-hls-rfc8216bis section 6.2.5.2")
    static let offset = Threshold("clock of the server off by", 200, .milliseconds, source: "own; handbook 5.4")
    static let dateError = Threshold("Date tells it to", 500, .milliseconds, source: "RFC 9110 section 5.6.7")

    static let rules: [Rule] = [
        Rule(
            14, "slow_origin", .application, symptom: "Segments begin late although the path is short.",
            thresholds: [serverTime, requests],
            silentWhen: ["the server waited for media that did not exist yet", "there are few requests"],
            hold: .atOnce, judge: .session(slowOrigin)),
        Rule(
            31, "encoder_jitter", .application, symptom: "Chunks come unevenly, and the network is not why.",
            thresholds: [uneven, shortTransfer, chunks], silentWhen: ["chunks have no stamp of their making"],
            hold: .atOnce, judge: .session(unevenEncoder)),
        Rule(
            32, "chunks_gathered", .application, symptom: "Low latency is lost on the way: chunks come in bursts.",
            thresholds: [gathered],
            silentWhen: [
                "chunks have no stamp of their making", "they were made before they were asked for",
                "they are late one by one",
            ],
            hold: .atOnce, judge: .session(gatheredChunks)),
        Rule(
            33, "latency_drift", .application, symptom: "The player falls further and further behind live.",
            thresholds: [drift], silentWhen: ["less than a minute was seen", "the player stalled"], hold: .atOnce,
            judge: .session(drifts)),
        Rule(
            34, "llhls_misconfigured", .application, symptom: "Low-latency HLS does not get low.",
            thresholds: [holdBack, reload], silentWhen: ["the playlist has no parts"], hold: .atOnce,
            judge: .session(misconfigured)),
        Rule(
            69, "clock_offset", .application, symptom: "Latency figures are off, or players ask too early.",
            thresholds: [offset, dateError], silentWhen: ["only Date tells it, and by less than its own error"],
            hold: .atOnce, judge: .session(clockOff)),
    ]

    private static func slowOrigin(_ session: MediaSessionSnapshot) -> Finding? {
        let times = session.segments.compactMap(\.server).sorted()
        guard times.count >= Int(requests.value) else { return nil }
        let p95 = times[min(times.count - 1, times.count * 95 / 100)]
        guard p95.milliseconds > serverTime.value else { return nil }
        let slow = session.segments.filter { ($0.server ?? 0) >= p95 }
        let isMiss = slow.allSatisfy { $0.cache == .miss }
        return Finding(
            severity: .warning, subject: .server,
            summary: isMiss
                ? "What the cache does not have takes \(FigureText.time(p95)) to come (p95 of \(times.count) requests)"
                : "The server takes \(FigureText.time(p95)) to begin an answer (p95 of \(times.count) requests), waits on purpose left out",
            evidence: [
                .init("server_p95_ms", p95.milliseconds), .init("requests", Double(times.count)),
                .init("cache_misses", Double(slow.filter { $0.cache == .miss }.count)),
            ],
            advice: isMiss
                ? "Warm the cache, let requests for one object wait for one fetch, put the cache nearer to the origin."
                : "Profile the origin: disk, packaging on request, its own upstream.",
            confidence: 0.8)
    }

    private static func unevenEncoder(_ session: MediaSessionSnapshot) -> Finding? {
        guard let cadence = session.cadence, Double(cadence.chunks) >= chunks.value, cadence.made > uneven.value,
            cadence.transfer < shortTransfer.value
        else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "Chunks are made unevenly: one in twenty comes \(FigureText.number(cadence.made)) chunk lengths after the one before, and takes \(FigureText.percent(cadence.transfer)) of one to arrive",
            evidence: [
                .init("made_p95_ratio", cadence.made), .init("transfer_ratio", cadence.transfer),
                .init("chunks", Double(cadence.chunks)),
            ],
            advice: "Chunk and GOP settings of encoder and packager, and whether the origin flushes each chunk.",
            confidence: 0.75)
    }

    private static func gatheredChunks(_ session: MediaSessionSnapshot) -> Finding? {
        guard session.pacing == .gathered, let cadence = session.cadence else { return nil }
        let caches = session.segments.contains { $0.cache != nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "Chunks that were made evenly arrive in bursts in \(FigureText.count(cadence.gatheredSegments, "segment", "segments")), after pauses of up to \(FigureText.time(cadence.longestPause)): \(caches ? "a cache" : "something on the way") gathers them",
            evidence: [
                .init("gathered_segments", Double(cadence.gatheredSegments)),
                .init("pause_ms", cadence.longestPause.milliseconds), .init("chunks", Double(cadence.chunks)),
            ],
            advice:
                "At the cache or proxy: pass chunks on as they come (proxy_buffering off, no waiting on a locked cache entry).",
            confidence: 0.85)
    }

    private static func drifts(_ session: MediaSessionSnapshot) -> Finding? {
        guard let latency = session.liveLatency, let rate = latency.drift, rate > drift.value,
            (session.buffer?.stallTime ?? 0) == 0, session.isLive == true
        else { return nil }
        return Finding(
            severity: .warning, subject: .client,
            summary:
                "Live latency grows by \(FigureText.number(rate)) ms a minute; it is \(FigureText.time(latency.last)) now",
            evidence: [.init("drift_ms_per_min", rate), .init("latency_ms", latency.last.milliseconds)],
            advice: "Let the player catch up (playback rate), and give its clock a source (UTCTiming).",
            confidence: 0.7)
    }

    private static func misconfigured(_ session: MediaSessionSnapshot) -> Finding? {
        guard let control = session.partControl else { return nil }
        if let held = control.partHoldBack, Double(held) < holdBack.value * Double(control.partTarget) {
            return Finding(
                severity: .warning, subject: .server,
                summary:
                    "PART-HOLD-BACK is \(FigureText.time(held)), less than two parts of \(FigureText.time(control.partTarget)): players starve at the live edge",
                evidence: [
                    .init("part_hold_back_ms", held.milliseconds),
                    .init("part_target_ms", control.partTarget.milliseconds),
                ],
                advice: "EXT-X-SERVER-CONTROL: PART-HOLD-BACK of three parts, and never below two.", confidence: 0.95)
        }
        guard let longest = control.longestReload, let target = control.targetDuration,
            Double(longest) > reload.value * Double(target)
        else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "A blocking reload took \(FigureText.time(longest)), more than three target durations of \(FigureText.time(target)): the part it waited for did not come",
            evidence: [.init("reload_ms", longest.milliseconds), .init("target_duration_ms", target.milliseconds)],
            advice:
                "Look at the encoder and packager: an origin should end such a wait with an error after three target durations.",
            confidence: 0.8)
    }

    private static func clockOff(_ session: MediaSessionSnapshot) -> Finding? {
        let clock = session.clockOffset
        let found: (value: Nanoseconds, source: String, isBound: Bool, confidence: Double)?
        if let value = clock.timeSource {
            found = abs(value.milliseconds) > offset.value ? (value, "its time source", false, 0.9) : nil
        } else if let value = clock.producer, value.milliseconds > offset.value {
            found = (value, "stamps of chunks that were made later than they came", true, 0.9)
        } else if let value = clock.date, clock.dateSamples >= 5,
            abs(value.milliseconds) > offset.value + dateError.value
        {
            found = (value, "\(clock.dateSamples) Date fields", false, 0.8)
        } else {
            found = nil
        }
        guard let found else { return nil }
        let position = found.value > 0 ? "ahead of" : "behind"
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "The server's clock is \(found.isBound ? "at least " : "")\(FigureText.time(Nanoseconds(clamping: found.value.magnitude))) \(position) the capture's, by \(found.source): latencies by availability are off by as much",
            evidence: [.init("clock_offset_ms", found.value.milliseconds)],
            advice: "Compare both clocks with NTP; if it is the server's, set it right there.",
            confidence: found.confidence)
    }
}
