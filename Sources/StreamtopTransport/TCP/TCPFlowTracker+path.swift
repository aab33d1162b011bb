import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What the IP header and the round trips of both ends say of the path.
extension TCPFlowTracker {
    static func observeNetwork(
        _ sender: inout TCPEndpoint, _ frame: borrowing DecodedFrame, _ passage: TCPPassage,
        _ anomalies: inout AnomalyCounts, _ now: inout Observation
    ) {
        if frame.ecn != 0, sender.ecn.observe(codepoint: frame.ecn), sender.beginsMarks(at: passage.time) {
            now.tell(.ecnCE(from: passage.direction))
        }
        let hops = frame.hopLimit
        if sender.hopLimit == 0 {
            sender.hopLimit = hops
        } else if hops != sender.hopLimit {
            let far = max(hops, sender.hopLimit) - min(hops, sender.hopLimit) > 2
            if frame.tcp.flags.isRst {
                if far { anomalies.record(.resetFromElsewhere) }
            } else {
                // One stray packet is no change of path; the second in a row is.
                sender.hopLimitChanges = sender.hopLimitChanges &+ 1
                if sender.hopLimitChanges >= 2 {
                    sender.hopLimit = hops
                    sender.hopLimitChanges = 0
                    sender.roundTrip.rebase(at: passage.time)
                    anomalies.record(.hopLimitChanged)
                }
            }
        } else {
            sender.hopLimitChanges = 0
        }
    }

    /// Both components together, of what is known of them; nil while nothing is.
    @inline(__always)
    static func leastRoundTrip(_ one: borrowing TCPEndpoint, _ other: borrowing TCPEndpoint) -> Nanoseconds? {
        guard one.roundTrip.hasSample else { return other.roundTrip.hasSample ? other.roundTrip.minimum : nil }
        guard other.roundTrip.hasSample else { return one.roundTrip.minimum }
        return saturatingAdd(one.roundTrip.minimum, other.roundTrip.minimum)
    }

    /// The path as it concerns the data that `sender` sends to `receiver`.
    @inline(__always)
    static func pathView(of sender: inout TCPEndpoint, receiver: inout TCPEndpoint) -> PathView {
        var view = PathView(sender: sender.roundTrip, receiver: receiver.roundTrip)
        if !sender.timestampsInUse, sender.lacksRoundTrips(answering: receiver) {
            view.isBlind = true
            view.queue = nil
        }
        return view
    }
}
