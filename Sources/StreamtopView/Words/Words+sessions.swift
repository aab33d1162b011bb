import StreamtopBase
import StreamtopModel

/// Media over HTTP: players, their streams, what they wait for.
extension Words {
    static let noSessions = [
        "No session yet.", "A player that fetches DASH or HLS makes one; encrypted ones need the secrets (--keylog).",
    ]
    static let noSessionPasses = "No session has a flow that passes the filter."
    static let staircaseTitle = "Mb/s"
    static let bufferTitle = "Buffer s"
    static let liveTitle = "live"
    static let chunksTitle = "chunks"

    /// `ll-dash cam1`: what it is, and the manifest's name.
    static func stream(_ session: MediaSessionSnapshot) -> String {
        [sessionKind(session), manifestName(session)].compactMap { $0 }.joined(separator: " ")
    }

    static func sessionKind(_ session: MediaSessionSnapshot) -> String {
        session.isLowLatency == true ? "ll-\(session.kind.rawValue)" : session.kind.rawValue
    }

    private static func manifestName(_ session: MediaSessionSnapshot) -> String? {
        let parts = ((session.manifestURL ?? "").split(separator: "?").first ?? "").split(separator: "/")
        guard let file = parts.last else { return nil }
        let name = file.split(separator: ".").first ?? file
        // "scheme:", a host, a folder and the file: the folder names the stream where the file has the name that all files have.
        let isCommon = ["manifest", "index", "master", "playlist", "main"].contains(name)
        return String(isCommon && parts.count >= 4 ? parts[parts.count - 2] : name)
    }

    /// `cam1 720p`: the manifest's name, else the kind, and what is played of it.
    static func played(_ session: MediaSessionSnapshot, _ playing: MediaRepresentation?) -> String {
        [manifestName(session) ?? sessionKind(session), representation(playing)].compactMap { $0 }
            .joined(separator: " ")
    }

    /// `720p`, else the bit rate, else the name.
    static func representation(_ one: MediaRepresentation?) -> String? {
        guard let one else { return nil }
        if let height = one.height { return "\(height)p" }
        if let bandwidth = one.bandwidth { return RateText.short(Double(bandwidth)) }
        return one.identifier
    }

    static func latencySource(_ source: MediaLatency.Source) -> String {
        switch source {
        case .prft: "by prft"
        case .availability: "by availability time"
        case .cmcd: "by the player (CMCD)"
        case .manifest: "by the playlist's dates"
        }
    }

    /// Where a clock other than the media's own decides, the figure is concluded.
    static func isConcluded(_ source: MediaLatency.Source) -> Bool { source == .availability || source == .manifest }

    static func pacing(_ pacing: MediaSessionSnapshot.Pacing) -> String {
        switch pacing {
        case .encoder: "chunks come as they are made"
        case .gathered: "chunks come in bursts: something on the way gathers them"
        case .network: "chunks come late: the path holds them up"
        }
    }

    static func switchCause(_ cause: MediaSwitch.Cause) -> String {
        switch cause {
        case .throughputRose: "throughput rose"
        case .throughputFell: "throughput fell"
        case .bufferLow: "buffer low"
        }
    }

    static func sessionState(_ session: MediaSessionSnapshot, _ playing: MediaRepresentation?) -> String {
        var parts: [String] = []
        if let name = representation(playing) { parts.append(name) }
        if let buffer = session.buffer {
            let sign = buffer.source == .model ? "~" : ""
            parts.append("buffer \(sign)\(NumberText.fixed(buffer.last, decimals: 1)) s")
        }
        if let live = session.liveLatency {
            let sign = isConcluded(live.source) ? "~" : ""
            parts.append(
                "\(sign)\(NumberText.fixed(live.last.seconds, decimals: 1)) s behind live, \(latencySource(live.source))"
            )
        }
        guard !parts.isEmpty else { return "Nothing is known of its buffer and its latency yet." }
        return "No rule fired: " + parts.joined(separator: ", ") + "."
    }

    /// What is said below a player's row where no verdict says more.
    static func sessionRemark(_ session: MediaSessionSnapshot) -> (String, StyleRole)? {
        if let stalls = session.buffer, stalls.stallCount > 0 {
            let times = stalls.stallCount == 1 ? "stalled once" : "stalled \(stalls.stallCount) times"
            return ("\(times), \(DurationText.withUnit(stalls.stallTime)) in all (\(bufferSource(stalls)))", .watch)
        }
        if let pacing = session.pacing, pacing != .encoder { return (self.pacing(pacing), .watch) }
        if let offset = session.clockOffset.timeSource, abs(offset) > .milliseconds(200) {
            return (
                "clock: the time source is \(DurationText.withUnit(abs(offset))) \(offset > 0 ? "ahead" : "behind")",
                .watch
            )
        }
        if session.isInferred {
            return ("concluded from bursts of encrypted bytes, \(confidence(session.confidence))", .label)
        }
        return nil
    }

    static func bufferSource(_ buffer: MediaBuffer) -> String {
        switch buffer.source {
        case .cmcd: "the player says so"
        case .model:
            buffer.modelError.map { "model, ±\(NumberText.fixed($0, decimals: 2)) s" } ?? "model"
        }
    }

    static func heldBy(_ reason: HTTPHeldBy) -> String { spaced(reason.rawValue) }
}
