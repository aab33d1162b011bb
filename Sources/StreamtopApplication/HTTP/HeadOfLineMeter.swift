import StreamtopBase
import StreamtopModel

/// Head-of-line blocking of what one end sends, as it shows at the capture point: bytes that had come and waited for a hole before them
/// to fill. TCP makes all streams wait for the hole of one; a stream of QUIC waits for its own alone.
struct HeadOfLineMeter: Sendable {
    private var total: Nanoseconds = 0
    private var holes = 0
    private var streams = 0
    /// The last hole was filled at this moment.
    private var last = Timestamp(nanoseconds: .min)

    init() {}

    /// Bytes came that had waited for one hole of the whole connection. Several deliveries may have waited for the same.
    mutating func note(_ waited: Nanoseconds, at time: Timestamp) {
        let start = max(time - waited, last)
        guard waited > 0, time > start else { return }
        total = saturatingAdd(total, time - start)
        holes += 1
        last = time
    }

    /// Bytes of one stream came that had waited for a hole in that stream.
    mutating func noteAlone(_ waited: Nanoseconds) {
        guard waited > 0 else { return }
        total = saturatingAdd(total, waited)
        holes += 1
    }

    /// One more stream has waited.
    mutating func countStream() { streams += 1 }

    var snapshot: HeadOfLineSnapshot { HeadOfLineSnapshot(waited: total, holes: holes, streams: streams) }
}
