import StreamtopBase
import StreamtopModel

extension HeadlineJudge {
    /// A media session of the picture, with its verdicts. It is over when nothing was fetched for ten seconds.
    package mutating func add(_ session: MediaSessionSnapshot, at time: Timestamp) {
        let silence = time - session.end
        let bytes = session.segments.reduce(UInt64(0)) { $0 &+ $1.bytes }
        for verdict in session.verdicts where verdict.severity > .info {
            weigh(
                Concern(
                    verdict: verdict, position: "\(session.client) ← \(session.origin ?? "media")",
                    flow: session.flows.first, endedAgo: silence > .seconds(10) ? silence : nil, isNoise: false,
                    harm: Harm.cost(of: verdict, bytes: bytes)))
        }
    }
}
