import StreamtopBase
import StreamtopModel

/// The window that one end offers as receiver: its course, its closures, and the data that waits unread behind it.
struct TCPReceiveWindowMeter: Sendable {
    private(set) var isKnown = false
    // No window is larger than 2^30 (RFC 7323 section 2.3).
    private var lastBytes: UInt32 = 0
    private var maximumBytes: UInt32 = 0
    private var minimumBytes: UInt32 = .max
    var last: Int { Int(lastBytes) }
    var maximum: Int { Int(maximumBytes) }
    /// Meaningless until `isKnown`.
    var minimum: Int { Int(minimumBytes) }
    /// Acknowledgment plus window as offered last.
    private(set) var edge: UInt32 = 0
    private var edgeAcknowledgment: UInt32 = 0
    private(set) var zeroSegments: UInt32 = 0
    private(set) var zeroEpisodes: UInt32 = 0
    private(set) var zeroTime: Nanoseconds = 0
    /// When the window closed; the least stamp while it is open.
    private var zeroSince = Self.open
    private static let open = Timestamp(nanoseconds: .min)

    enum Change: Equatable {
        case none
        case closed
        case opened(after: Nanoseconds)
    }

    init() {}

    var isClosed: Bool { zeroSince != Self.open }

    /// Takes the window of a segment that is neither SYN nor RST, in bytes. The flag of the result tells whether the
    /// right edge moved back.
    mutating func record(_ window: Int, acknowledgment: UInt32, at time: Timestamp) -> (change: Change, shrunk: Bool) {
        let newEdge = acknowledgment &+ UInt32(truncatingIfNeeded: window)
        // An overtaken segment says nothing about the window of now (RFC 9293 section 3.10.7.4, SND.WL2).
        let isCurrent = !isKnown || acknowledgment.isAtOrAfter(edgeAcknowledgment)
        let shrunk = isKnown && isCurrent && edge.isAfter(newEdge)
        if isCurrent {
            edge = newEdge
            edgeAcknowledgment = acknowledgment
        }
        isKnown = true
        lastBytes = UInt32(clamping: window)
        maximumBytes = max(maximumBytes, lastBytes)
        minimumBytes = min(minimumBytes, lastBytes)
        var change = Change.none
        if window == 0 {
            zeroSegments &+= 1
            if !isClosed {
                zeroSince = time
                zeroEpisodes &+= 1
                change = .closed
            }
        } else if isClosed {
            let closed = max(0, time - zeroSince)
            zeroTime = saturatingAdd(zeroTime, closed)
            zeroSince = Self.open
            change = .opened(after: closed)
        }
        return (change, shrunk)
    }

    /// The unscaled window of a SYN-ACK: good for the first flight's edge, but not for the course of the window.
    mutating func provisional(_ window: Int, acknowledgment: UInt32) {
        guard !isKnown else { return }
        edge = acknowledgment &+ UInt32(truncatingIfNeeded: window)
    }

    func zeroTime(at time: Timestamp) -> Nanoseconds {
        isClosed ? saturatingAdd(zeroTime, max(0, time - zeroSince)) : zeroTime
    }

    /// Data that the application has not read: the largest window ever offered less the one offered now.
    var occupied: Int { isKnown ? maximum - last : 0 }
}
