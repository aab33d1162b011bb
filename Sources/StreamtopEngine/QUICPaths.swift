import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Other addresses of QUIC connections that moved, and the connection IDs that the directory has yet to hear of.
///
/// Capped; the oldest path is forgotten first, and counted.
struct QUICPaths: Sendable {
    /// Other addresses of a flow.
    struct Path: Equatable, Sendable {
        var flow: FlowReference
        var client: Endpoint
    }

    private var paths: BoundedMap<FlowKey, Path>
    /// In the order of frames, until `ConnectionDirectory.enter`.
    var announcements: [ConnectionDirectory.Announcement] = []

    init(capacity: Int) { paths = BoundedMap(capacity: capacity) }

    var count: Int { paths.count }
    var evicted: UInt64 { paths.evicted }

    subscript(key: FlowKey) -> Path? { paths[key] }

    mutating func insert(_ key: FlowKey, _ path: Path) { paths.insert(path, for: key) }
}
