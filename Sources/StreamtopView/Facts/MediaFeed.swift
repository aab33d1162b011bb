import StreamtopBase
import StreamtopModel

/// A flow that carries media by a protocol of its own, without a call or a player's session around it: what an encoder delivers, what a
/// player or a server fetches, or a stream whose ends say neither.
struct MediaFeed: Sendable {
    /// In a word or three: its purpose, protocol and codecs.
    var what: String
    /// How far it is behind, as far as its protocol shows.
    var behind: Reading<Nanoseconds>?
    /// What the receiver holds on purpose.
    var held: Nanoseconds?
    /// Of data, never delivered or too late.
    var lossRatio: Double?

    /// nil for a flow that is none.
    init?(_ flow: FlowSnapshot) {
        what = ""
        let isSecured = flow.protocols.contains(ProtocolKind.tls.rawValue)
        var words: [String]
        if let rtmp = flow.rtmp {
            let isHTTP = flow.protocols.contains(ProtocolKind.httpFLV.rawValue)
            // Which end sends media is known from what was asked for, or from the media.
            words = [rtmp.role.map { $0 == .publish ? Words.ingest : Words.play } ?? Words.feed]
            words.append(isHTTP ? ProtocolKind.httpFLV.rawValue : isSecured ? "rtmps" : ProtocolKind.rtmp.rawValue)
            words += [rtmp.video?.codec, rtmp.audio?.codec].compactMap { $0 }
            behind = Self.backlog(rtmp.mediaClock)
        } else if let srt = flow.srt {
            // Whoever calls and sends delivers; whoever calls and receives fetches. Before any data nobody has done either.
            let purpose = srt.sender == .fromClient ? Words.ingest : Words.play
            words = [srt.dataPackets > 0 ? purpose : Words.feed, ProtocolKind.srt.rawValue]
            if srt.dataPackets > 0 { take(srt) }
        } else if flow.protocols.contains(ProtocolKind.rist.rawValue) {
            words = [Words.feed, ProtocolKind.rist.rawValue]
        } else if let rtsp = flow.rtsp {
            let methods = Set(rtsp.methods.map(\.name))
            let publishes = !methods.isDisjoint(with: ["ANNOUNCE", "RECORD"])
            let purpose = publishes ? Words.ingest : methods.contains("PLAY") ? Words.play : Words.feed
            words = [purpose, ProtocolKind.rtsp.rawValue]
            behind = Self.backlog(rtsp.mediaClock)
        } else if let stream = flow.transportStream {
            words = [Words.feed, ProtocolKind.mpegTS.rawValue]
            behind = Self.backlog(stream.mediaClock)
        } else if !flow.rtp.isEmpty {
            words = [Words.feed, ProtocolKind.rtp.rawValue]
        } else {
            return nil
        }
        var seen: Set<String> = []
        words += flow.rtp.compactMap(\.codec).filter { seen.insert($0).inserted }
        what = words.joined(separator: " ")
    }

    /// A receiver gives each packet out when it is as old as was agreed (draft-sharabayko-srt section 4.5); its age is counted from the
    /// first arrivals, half a round trip after they were sent.
    private mutating func take(_ srt: SRTSnapshot) {
        held = srt.latency[srt.sender.reversed]
        if let held { behind = Reading(held + (srt.roundTrip?.p50 ?? 0) / 2, srt.roundTrip == nil ? .atLeast : .about) }
        let gone = srt.unrecovered + (srt.tooLate ?? 0)
        let all = srt.dataPackets + srt.unrecovered
        if srt.tooLate != nil, all > 0 { lossRatio = Double(gone) / Double(all) }
    }

    /// Media that falls behind its own clock; how far it was behind before nothing says. Less than a tenth of a second is how senders pace.
    private static func backlog(_ clock: MediaClockSnapshot?) -> Reading<Nanoseconds>? {
        guard let backlog = clock?.backlog, backlog >= .milliseconds(100) else { return nil }
        return Reading(backlog, .atLeast)
    }
}
