import StreamtopModel
import Synchronization

/// Hands the newest snapshot from the capture thread to a renderer: latest wins, an unread one is replaced.
package final class SnapshotMailbox: Sendable {
    private let newest = Mutex<Snapshot?>(nil)

    package init() {}

    package func put(_ snapshot: Snapshot) {
        newest.withLock { $0 = snapshot }
    }

    /// The newest snapshot not yet taken, or nil.
    package func take() -> Snapshot? {
        newest.withLock { slot in
            defer { slot = nil }
            return slot
        }
    }
}
