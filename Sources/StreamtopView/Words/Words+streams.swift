import StreamtopBase
import StreamtopModel

/// RTP streams and data channels.
extension Words {
    static let noStreams = ["No RTP stream yet.", "Streams are found on any port, by their sequence numbers."]
    static let noStreamPasses = "No stream is in a flow that passes the filter."
    /// What the list's titles are short for.
    static let streamLegend =
        "lost: at the tap; rep.: repaired in time; final: lost for the decoder; jitter, frames: ms, of packets and of pictures; "
        + "frz: freezes; mos: speech, 1 bad to 4.5 good"
    static let playoutModel = "playout model"
    static let reportsTitle = "RTCP"
    static let noChannels = "No data channel and no SCTP was seen in this flow."
    static let sealedChannels =
        "SCTP inside this flow's DTLS is encrypted: secrets of the connection open it (--keylog)."

    /// Eight digits, as the wire has them: shorter ones could be another stream's.
    static func sourceDigits(_ source: UInt32) -> String { String(Words.source(source).dropFirst(2)) }

    static func streamKind(_ stream: RTPStreamSnapshot) -> String {
        if let codec = stream.codec { return codec }
        return stream.payloadTypes.first.map { "pt \($0)" } ?? "?"
    }

    static func clockRate(_ rate: Int) -> String {
        rate % 1000 == 0 ? "\(rate / 1000) kHz" : "\(NumberText.fixed(Double(rate) / 1000, decimals: 2)) kHz"
    }

    /// `drift` is of capture time against media time.
    static func drift(_ drift: Double) -> String {
        "\(NumberText.fixed(abs(drift), decimals: 1)) ms/min \(drift > 0 ? "slow" : "fast")"
    }

    static func medium(_ isVideo: Bool?) -> String { isVideo.map { $0 ? "video" : "audio" } ?? "media of unknown kind" }

    static func bursts(_ stream: RTPStreamSnapshot) -> String {
        let parts = stream.bursts.prefix(5).map { "\($0.length)×\($0.count)" }
        guard !parts.isEmpty else { return "" }
        return "in a row " + parts.joined(separator: " ") + ", longest \(stream.longestBurst)"
    }

    static func layer(_ layer: RTPLayerSnapshot) -> String {
        var parts: [String] = []
        if let media = layer.media { parts.append("mid \(media)") }
        if let restriction = layer.restriction { parts.append("rid \(restriction)") }
        if let spatial = layer.spatial { parts.append("S\(spatial)") }
        if let temporal = layer.temporal { parts.append("T\(temporal)") }
        return parts.joined(separator: " ")
    }

    static func lipSync(_ offset: Nanoseconds) -> String {
        let size = DurationText.milliseconds(abs(offset))
        return offset == 0 ? "lip sync exact" : "audio \(size) ms \(offset > 0 ? "early" : "late")"
    }

    static func forwardCorrection(_ fec: RTPForwardErrorCorrectionSnapshot) -> String {
        "\(fec.kind.rawValue) \(NumberText.grouped(fec.packets)) packets, "
            + (fec.recovered.map { "\($0) brought back" } ?? "encrypted: what they bring back is unknown")
    }

    static func voice(_ voice: VoiceQualitySnapshot) -> String {
        var remarks: [String] = []
        if voice.isWithoutDelay { remarks.append("no round trip: the delay is not in it") }
        if voice.isAssumed { remarks.append("codec's impairment assumed") }
        let tail = remarks.isEmpty ? "" : " (\(remarks.joined(separator: "; ")))"
        return
            "E-model, 5 s: \(NumberText.fixed(voice.last, decimals: 1)), worst \(NumberText.fixed(voice.worst, decimals: 1))"
            + tail
    }

    static func reliability(_ stream: SCTPSnapshot.Stream) -> String? {
        guard stream.isOrdered != nil || stream.label != nil else { return nil }
        if let count = stream.maximumRetransmissions { return "\(count) repeats" }
        if let time = stream.lifetime { return "\(time) ms" }
        return "reliable"
    }
}
