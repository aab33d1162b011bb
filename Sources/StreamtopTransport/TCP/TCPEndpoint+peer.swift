import StreamtopBase
import StreamtopModel

/// Whether the peer still takes part (handbook 14.4).
extension TCPEndpoint {
    /// How this sender stood when `peer` left or fell silent; nil while the peer answers, or may still do so.
    func silence(of peer: borrowing TCPEndpoint, at time: Timestamp) -> TCPSilence? {
        guard unanswered > 0, isAnswered, let silence = rareMeters.map({ $0.silence }) ?? nil else { return nil }
        if peer.resets > 0 { return silence }
        guard UInt32(unanswered) >= TCPSilence.repeats else { return nil }
        if peer.fins > 0 { return silence }
        let timeout = PathView(sender: roundTrip, receiver: peer.roundTrip).timeout
        let patience = max(TCPSilence.least, TCPSilence.timeouts * min(timeout, .seconds(100)))
        return silence.isBackingOff && time - lastAnswer >= patience ? silence : nil
    }

    func gone(_ peer: borrowing TCPEndpoint, at time: Timestamp) -> PeerGone? {
        guard let silence = silence(of: peer, at: time) else { return nil }
        return PeerGone(
            hasLeft: peer.resets > 0 || peer.fins > 0, silence: max(0, time - lastAnswer), repeats: Int(unanswered),
            bytes: silence.bytes,
            isSinceHandshake: acknowledged == initialSequence &+ 1 && synSeen && peer.dataSegments == 0)
    }
}
