import StreamtopBase
import StreamtopModel

/// The window that one end offers as receiver: its course, its closures, and the data that waits unread behind it.
struct TCPReceiveWindowMeter: Sendable {
    private(set) var isKnown = false
    private(set) var last: Int = 0
    private(set) var maximum: Int = 0
    private(set) var minimum: Int = .max
    /// Acknowledgment plus window as offered last.
    private(set) var edge: UInt32 = 0
    private var edgeAcknowledgment: UInt32 = 0
    private(set) var zeroSegments: UInt32 = 0
    private(set) var zeroEpisodes: UInt32 = 0
    private(set) var zeroTime: Nanoseconds = 0
    private var zeroSince: Timestamp?

    enum Change: Equatable {
        case none
        case closed
        case opened(after: Nanoseconds)
    }

    init() {}

    var isClosed: Bool { zeroSince != nil }

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
        last = window
        maximum = max(maximum, window)
        minimum = min(minimum, window)
        var change = Change.none
        if window == 0 {
            zeroSegments &+= 1
            if zeroSince == nil {
                zeroSince = time
                zeroEpisodes &+= 1
                change = .closed
            }
        } else if let since = zeroSince {
            let closed = max(0, time - since)
            zeroTime = saturatingAdd(zeroTime, closed)
            zeroSince = nil
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
        guard let since = zeroSince else { return zeroTime }
        return saturatingAdd(zeroTime, max(0, time - since))
    }

    /// Data that the application has not read: the largest window ever offered less the one offered now.
    var occupied: Int { isKnown ? maximum - last : 0 }
}
