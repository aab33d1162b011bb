import StreamtopBase
import StreamtopModel

/// What a player of a media session suffers or does (rules 28 to 30 and 71).
enum PlayerRules {
    static let stalled = Threshold("without anything to play, in all", 1_000, .milliseconds, source: "own")
    static let margin = Threshold(
        "throughput over bitrate, below", 1.1, .ratio, source: "dash.js safety factor 0.9, hls.js 0.95 and 0.7")
    static let emptySegments = Threshold("and for this many segments", 2, .count, source: "own")
    static let spare = Threshold("throughput over bitrate, at least", 2, .ratio, source: "Bentaleb et al., ACTE, 2019")
    static let spareSegments = Threshold("and for this many segments", 5, .count, source: "own")
    static let returns = Threshold("switches back within a minute", 3, .count, source: "own")
    static let fed = Threshold("media that the player must hold by its model", 2_000, .milliseconds, source: "own")

    static let rules: [Rule] = [
        Rule(
            28, "player_stalls", .application, symptom: "The picture stands still, or is about to.",
            thresholds: [stalled, margin, emptySegments],
            silentWhen: ["playback had not begun", "nothing was fetched for ten seconds: the player may have left"],
            hold: .atOnce, judge: .session(stalls)),
        Rule(
            29, "throughput_misjudged", .application, symptom: "Quality stays low although the path has room.",
            thresholds: [spare, spareSegments],
            silentWhen: [
                "the highest representation plays", "chunks are not fetched as they are made", "the player stalls",
            ],
            hold: .atOnce, judge: .session(misjudged)),
        Rule(
            30, "abr_oscillation", .application, symptom: "Quality goes up and down all the time.",
            thresholds: [returns], silentWhen: ["the switches go one way"], hold: .atOnce,
            judge: .session(oscillates)),
        Rule(
            71, "starved_though_fed", .application, symptom: "The player says it ran dry; it was sent enough.",
            thresholds: [fed], silentWhen: ["the player says nothing (no CMCD)"], hold: .atOnce,
            judge: .session(starved)),
    ]

    /// Segments of the kind that leads, the newest.
    private static func newest(_ session: MediaSessionSnapshot, _ count: Int) -> ArraySlice<MediaSegment> {
        let hasVideo = session.segments.contains { $0.type == .video || $0.type == .muxed }
        return session.segments.filter { hasVideo ? $0.type == .video || $0.type == .muxed : $0.type == .audio }
            .suffix(count)
    }

    /// Bits a second of a segment, by the manifest or by its size.
    static func bitrate(_ segment: MediaSegment, _ session: MediaSessionSnapshot) -> Double? {
        if let stated = session.representation(segment.representation)?.bandwidth { return Double(stated) }
        guard let duration = segment.duration, duration > 0 else { return nil }
        return 8 * Double(segment.bytes) / duration
    }

    private static func stalls(_ session: MediaSessionSnapshot) -> Finding? {
        guard let buffer = session.buffer, !session.isInferred else { return nil }
        let rates = newest(session, 24).compactMap { segment in
            segment.throughput.flatMap { rate in bitrate(segment, session).map { rate / $0 } }
        }
        if buffer.stallTime.milliseconds >= stalled.value {
            let tight = rates.filter { $0 < margin.value }.count
            let slow = newest(session, 24).filter { ($0.server ?? 0) >= .milliseconds(500) }.count
            // Where it was fed in time, its own buffer, decoder or logic is left; where that is not known, only it is known to suffer.
            let subject: Verdict.Subject = tight > 0 ? .path : slow > 0 ? .server : .client
            let why =
                tight > 0
                ? "; throughput was near or below the bitrate in \(FigureText.count(tight, "segment", "segments"))"
                : slow > 0
                    ? "; the server let \(FigureText.count(slow, "request", "requests")) wait"
                    : rates.isEmpty ? "; nothing captured tells why" : "; its segments came faster than they play"
            let isSure = buffer.source == .cmcd || buffer.certainStallTime.milliseconds >= stalled.value
            return Finding(
                severity: .critical, subject: subject,
                summary:
                    "The player had nothing to play \(FigureText.count(buffer.stallCount, "time", "times")), for \(FigureText.time(buffer.stallTime)) in all\(why)",
                evidence: [
                    .init("stall_ms", buffer.stallTime.milliseconds), .init("stalls", Double(buffer.stallCount)),
                    .init("certain_stall_ms", buffer.certainStallTime.milliseconds),
                ] + (rates.min().map { [.init("lowest_throughput_ratio", $0)] } ?? []),
                advice: tight > 0
                    ? "A lower representation, or more room on the path; a larger buffer rides out short dips."
                    : slow > 0
                        ? "Look at what the server waited for; a larger buffer rides out short dips."
                        : rates.isEmpty
                            ? "Ask the player's own log, and look at what origin and path did at that time."
                            : "Look at the player (decoder, appending, when it asks); a larger buffer rides out short dips.",
                confidence: isSure ? 0.9 : 0.7)
        }
        let last = rates.suffix(Int(emptySegments.value))
        let unit =
            session.isLowLatency == true
            ? newest(session, 1).first?.chunks.first?.duration : newest(session, 1).first?.duration
        guard let unit, last.count >= Int(emptySegments.value), last.allSatisfy({ $0 < margin.value }),
            buffer.last < 2 * unit, buffer.last > 0, let rate = last.last
        else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "The player holds \(FigureText.time(Nanoseconds(ofSeconds: buffer.last))) and is fed at \(FigureText.percent(rate)) of what it plays: a stall is near",
            evidence: [.init("buffer_s", buffer.last), .init("throughput_ratio", rate)],
            advice: "Go down a representation now, or ask the player's logic for more safety.", confidence: 0.7)
    }

    private static func misjudged(_ session: MediaSessionSnapshot) -> Finding? {
        guard session.isLowLatency == true, (session.buffer?.stallTime ?? 0) == 0 else { return nil }
        let last = newest(session, Int(spareSegments.value))
        guard last.count >= Int(spareSegments.value), let now = last.last?.representation,
            last.allSatisfy({ $0.representation == now }),
            let playing = session.representation(now)?.bandwidth, playing > 0
        else { return nil }
        let type = session.representation(now)?.type
        let higher = session.representations.filter { $0.type == type }.compactMap(\.bandwidth).filter { $0 > playing }
        guard let next = higher.min() else { return nil }
        let rates = last.compactMap(\.throughput)
        guard rates.count == last.count, let worst = rates.min(), worst >= spare.value * Double(next) else {
            return nil
        }
        return Finding(
            severity: .info, subject: .client,
            summary:
                "The player stays at \(FigureText.rate(Double(playing))) although chunks come at \(FigureText.rate(worst)) and \(FigureText.rate(Double(next))) is offered",
            evidence: [
                .init("bitrate_bps", Double(playing)), .init("throughput_bps", worst),
                .init("next_bitrate_bps", Double(next)),
            ],
            advice:
                "Measure throughput within chunks (moof to the end of mdat), not over the whole response: the rest is waiting for the encoder.",
            confidence: 0.7)
    }

    private static func oscillates(_ session: MediaSessionSnapshot) -> Finding? {
        let switches = session.switches
        guard switches.count >= 2 else { return nil }
        let segment = session.segments.last { $0.duration != nil }?.duration ?? 2
        var times: [Timestamp] = []
        for (before, now) in zip(switches, switches.dropFirst())
        where now.to == before.from && (now.time - before.time).seconds <= 3.5 * segment { times.append(now.time) }
        let wanted = Int(returns.value)
        guard times.count >= wanted else { return nil }
        let isDense = zip(times, times.dropFirst(wanted - 1)).contains { $1 - $0 <= .seconds(60) }
        guard isDense else { return nil }
        return Finding(
            severity: .warning, subject: .client,
            summary:
                "The player went back to the representation it came from \(FigureText.count(times.count, "time", "times"))",
            evidence: [.init("returns", Double(times.count)), .init("switches", Double(switches.count))],
            advice: "Hysteresis in the player, or representations further apart than a factor of 1.5.", confidence: 0.8)
    }

    /// Rule 70, told of a session: its media fall behind although they could come faster.
    static func backlog(_ session: MediaSessionSnapshot) -> Finding? {
        guard session.isLive == true, let clock = session.mediaClock, let drift = clock.drift, clock.wall >= 60,
            clock.wall - clock.advance >= MediaFlowRules.backlog.value / 1_000,
            drift >= MediaFlowRules.backlogDrift.value
        else { return nil }
        let rates = newest(session, 24).compactMap { segment in
            segment.throughput.flatMap { rate in bitrate(segment, session).map { rate / $0 } }
        }
        guard rates.count >= 8, rates.allSatisfy({ $0 >= 1.5 }) else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "The media have fallen \(FigureText.time(Nanoseconds(ofSeconds: clock.wall - clock.advance))) behind in \(FigureText.time(Nanoseconds(ofSeconds: clock.wall))) although the path has room: they wait at the sender",
            evidence: [
                .init("drift_ms_per_min", drift), .init("lowest_throughput_ratio", rates.min() ?? 0),
            ],
            advice:
                "Look at the encoder and the origin: a bitrate they cannot make in time, or a queue that is never emptied.",
            confidence: 0.7)
    }

    private static func starved(_ session: MediaSessionSnapshot) -> Finding? {
        guard session.starvedThoughFed > 0 else { return nil }
        return Finding(
            severity: .warning, subject: .client,
            summary:
                "The player says that it ran dry, while it had been sent \(FigureText.time(Nanoseconds(ofSeconds: session.heldWhileStarved))) that it cannot have played yet",
            evidence: [
                .init("reports", Double(session.starvedThoughFed)), .init("held_s", session.heldWhileStarved),
            ],
            advice: "The network delivers: look at the player (decoder, appending, gaps between segments).",
            confidence: 0.7)
    }
}

/// Judges media sessions as a whole.
package enum SessionDiagnosis {
    /// The session with what is to be said of it. While the capture drops frames nothing is said.
    package static func judged(_ session: MediaSessionSnapshot, health: CaptureHealth) -> MediaSessionSnapshot {
        var session = session
        guard !HostDiagnosis.isBlind(health, at: session.end) else { return session }
        var found: [Verdict] = []
        for rule in RuleTable.rules {
            guard case .session(let judge) = rule.judge, let finding = judge(session) else { continue }
            found.append(FlowDiagnosis.verdict(finding, rule, since: session.end))
        }
        if let finding = PlayerRules.backlog(session),
            let verdict = FlowDiagnosis.verdict(hostRule: 70, finding, since: session.end)
        {
            found.append(verdict)
        }
        session.verdicts = found.sorted { $0.priority < $1.priority }
        return session
    }
}
