import StreamtopWire

/// Whether the packets of a sealed stream are as long as FlexFEC of another stream would be.
///
/// A repair packet's payload is the FEC header and the protected packets without their first 12 bytes, each filled up to the longest (RFC
/// 8627 section 6.2): behind that header it is as long as one packet just sent, to the byte. SRTP adds the same to both. Its
/// marker is never set (section 4.2.1), and video's is at the end of each picture: who asks looks at that first.
struct FlexFECLengths {
    /// Draft 03 with one stream protected, by the mask's length; what browsers send.
    private static let headers = [20, 24, 32]
    /// Own: packets that must be so long, and their share of all: the longest that is protected may have been lost. A stream of
    /// other media has such a length by chance once in four at most, in calls of browsers.
    private static let enough = 16
    private static let share = (of: 5, fit: 4)
    /// Own: lengths told apart among them. Packets of one length fit those of another one always or never.
    private static let leastDistinct = 4
    /// A stream that has sent so many without looking so is another one.
    private static let patience = 64
    /// As many packets as a mask of libwebrtc reaches over.
    private static let reach = 48
    private static let mostCandidates = 4

    private var candidates: [(source: UInt32, fitting: Int)] = []
    private var distinct: [Int] = []
    /// Packets beside which there was a stream to protect.
    private var packets = 0

    private func isShared(_ fitting: Int) -> Bool { fitting * Self.share.of >= packets * Self.share.fit }

    /// Half of what is enough fits.
    var isLikely: Bool { candidates.contains { $0.fitting * 2 >= Self.enough && isShared($0.fitting) } }

    var isNone: Bool { packets >= Self.patience && !candidates.contains { isShared($0.fitting) } }

    /// The stream whose packets these are as long as.
    var protected: UInt32? {
        guard distinct.count == Self.leastDistinct else { return nil }
        return candidates.first { $0.fitting >= Self.enough && isShared($0.fitting) }?.source
    }

    /// A packet with `payload` bytes behind its RTP header; `visit` gives the streams that it may protect.
    mutating func observe(_ payload: Int, visit: ((RTPStream) -> Void) -> Void) {
        var isBeside = false
        visit { stream in
            isBeside = true
            let fits = stream.state.recentPackets.hasNewest(Self.reach) { packet in
                let protected = Int(packet.header) + Int(packet.payload) - RTPHeader.fixedLength
                return Self.headers.contains(payload - protected)
            }
            guard fits else { return }
            if let index = candidates.firstIndex(where: { $0.source == stream.state.source }) {
                candidates[index].fitting += 1
            } else if candidates.count < Self.mostCandidates {
                candidates.append((stream.state.source, 1))
            }
        }
        guard isBeside else { return }
        packets &+= 1
        if distinct.count < Self.leastDistinct, !distinct.contains(payload) { distinct.append(payload) }
    }
}
