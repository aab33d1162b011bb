import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Where a connection stands, as far as its segments tell an observer (RFC 9293 section 3.3.2, seen from outside).
enum TCPConnectionState: Equatable, Sendable {
    /// Nothing but a SYN so far, or nothing at all.
    case opening
    case established
    /// One end has sent its FIN.
    case closing(by: Direction)
    case closed
    case reset

    var flowState: FlowState {
        switch self {
        case .opening: .halfOpen
        case .established, .closing: .open
        case .closed: .closed
        case .reset: .reset
        }
    }

    var isOver: Bool { self == .closed || self == .reset }

    mutating func observe(_ flags: TCPFlags, from direction: Direction) {
        if flags.isRst {
            if self != .closed { self = .reset }
            return
        }
        if flags.isFin {
            switch self {
            case .opening, .established: self = .closing(by: direction)
            case .closing(let first) where first != direction: self = .closed
            case .closing, .closed, .reset: break
            }
            return
        }
        // A SYN alone opens nothing; anything else with an ACK shows that the other end agreed, or did long ago.
        if self == .opening, !flags.isSyn, flags.isAck { self = .established }
    }
}
