import StreamtopBase
import StreamtopModel

/// The window that one end offers as receiver: its course, its closures, and the data that waits unread behind it.
///
/// A field whose scale was not seen bounds nothing (handbook 14.1): of it only a closed window is known, which is closed at
/// every scale.
struct TCPReceiveWindowMeter: Sendable {
    /// Beyond it no receiver can bound a sender (RFC 7323 section 2.3).
    static let unbounded: UInt32 = 1 << 30

    /// A window was offered, of a size known or not.
    private(set) var isOffered = false
    /// Its size is known.
    private(set) var isKnown = false
    private var lastField: UInt16 = 0
    /// The largest field without its scale.
    private(set) var largestField: UInt16 = 0
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
    private var hasProvisional = false
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

    /// The field differs from the one before.
    func moves(to field: UInt16) -> Bool { !isOffered || field != lastField }

    /// The common case of `record`: the same window as before, of a known size and open, further on. False for any other, of which
    /// nothing was noted.
    @inline(__always)
    mutating func recordSame(_ field: UInt16, shift: UInt8?, acknowledgment: UInt32) -> Bool {
        guard isKnown, field == lastField, field > 0, let shift, UInt32(field) << UInt32(shift & 15) == lastBytes,
            acknowledgment.isAtOrAfter(edgeAcknowledgment), !isClosed
        else { return false }
        let newEdge = acknowledgment &+ lastBytes
        guard newEdge.isAtOrAfter(edge) else { return false }
        edge = newEdge
        edgeAcknowledgment = acknowledgment
        return true
    }

    /// Takes the window of a segment that is neither SYN nor RST. `shift`: its scale, nil where that was not seen. The flag
    /// of the result tells whether the right edge moved back.
    mutating func record(
        _ field: UInt16, shift: UInt8?, acknowledgment: UInt32, at time: Timestamp
    ) -> (change: Change, shrunk: Bool) {
        let window = Int(field) << Int(shift ?? 0)
        let reach = shift == nil && field > 0 ? Self.unbounded : UInt32(truncatingIfNeeded: window)
        let newEdge = acknowledgment &+ reach
        // An overtaken segment says nothing about the window of now (RFC 9293 section 3.10.7.4, SND.WL2).
        let isCurrent = !isOffered || acknowledgment.isAtOrAfter(edgeAcknowledgment)
        let shrunk = isKnown && shift != nil && isCurrent && edge.isAfter(newEdge)
        if isCurrent {
            edge = newEdge
            edgeAcknowledgment = acknowledgment
        }
        isOffered = true
        lastField = field
        largestField = max(largestField, field)
        if shift != nil {
            isKnown = true
            lastBytes = UInt32(clamping: window)
            maximumBytes = max(maximumBytes, lastBytes)
            minimumBytes = min(minimumBytes, lastBytes)
        }
        var change = Change.none
        if field == 0 {
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
        guard !isOffered else { return }
        hasProvisional = true
        edge = acknowledgment &+ UInt32(truncatingIfNeeded: window)
    }

    /// Right edge of what `end`, which has sent up to `next`, may send; far beyond that while nothing was offered.
    func edge(for next: UInt32) -> UInt32 { isOffered || hasProvisional ? edge : next &+ Self.unbounded }

    func zeroTime(at time: Timestamp) -> Nanoseconds {
        isClosed ? saturatingAdd(zeroTime, max(0, time - zeroSince)) : zeroTime
    }

    /// Data that the application has not read: the largest window ever offered less the one offered now.
    var occupied: Int { isKnown ? maximum - last : 0 }
}
