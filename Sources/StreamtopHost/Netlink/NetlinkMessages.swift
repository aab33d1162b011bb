/// The envelope of netlink (linux/netlink.h): messages in a datagram, attributes in a message.
package enum Netlink {
    static let headerLength = 16
    /// Types of control messages.
    static let error: UInt16 = 2
    static let done: UInt16 = 3
    static let overrun: UInt16 = 4
    /// Flags.
    static let request: UInt16 = 0x1
    static let dump: UInt16 = 0x300
    static let interrupted: UInt16 = 0x10
    /// The upper two bits of an attribute's type are flags (nested, network order).
    static let attributeType: UInt16 = 0x3fff

    /// Lengths are rounded up to four.
    static func aligned(_ length: Int) -> Int { (length &+ 3) & ~3 }

    /// Hands out type and body of each attribute. False when one is shorter than its own header, or longer than what is left:
    /// what follows it is not read.
    @discardableResult
    static func forEachAttribute(in bytes: RawSpan, _ body: (UInt16, RawSpan) -> Void) -> Bool {
        var offset = 0
        // Fewer than four bytes behind the last one are padding.
        while bytes.byteCount &- offset >= 4 {
            guard let length = bytes.uint16(at: offset).map(Int.init), let type = bytes.uint16(at: offset &+ 2),
                length >= 4, let value = bytes.part(at: offset &+ 4, count: length &- 4)
            else { return false }
            body(type & attributeType, value)
            offset &+= aligned(length)  // at most 65,536 further, and the loop ends past byteCount
        }
        return true
    }

    /// The bytes of one attribute.
    static func attribute(_ type: UInt16, _ body: [UInt8]) -> [UInt8] {
        let length = UInt16(clamping: body.count + 4)
        return native(length) + native(type) + body + Array(repeating: 0, count: aligned(body.count) - body.count)
    }

    /// A request with `body` behind its header.
    static func message(type: UInt16, flags: UInt16, sequence: UInt32, _ body: [UInt8]) -> [UInt8] {
        native(UInt32(clamping: headerLength + body.count)) + native(type) + native(flags) + native(sequence)
            + native(UInt32(0)) + body
    }

    static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { index in
            #if _endian(little)
                let shift = index * 8
            #else
                let shift = Number.bitWidth - 8 - index * 8
            #endif
            return UInt8(truncatingIfNeeded: number >> Number(truncatingIfNeeded: shift))
        }
    }
}

/// One answer of the kernel's, datagram by datagram: whole, or not to be used.
///
/// A dump that the kernel marks as interrupted changed while it was written and may show a socket twice or not at all; one
/// whose datagrams overran the buffer lacks some. Both are asked for again: nothing of them counts.
package struct NetlinkAnswer: Sendable {
    package enum Failure: Error, Equatable, Sendable {
        case interrupted, overrun
        /// A datagram ended before its messages, or was longer than the room for it.
        case truncated
        /// errno.
        case refused(Int32)

        /// Asking again may help.
        var isTransient: Bool {
            switch self {
            case .interrupted, .overrun, .truncated: true
            // ENOBUFS, EINTR, EAGAIN, EBUSY.
            case .refused(let number): number == 105 || number == 4 || number == 11 || number == 16
            }
        }
    }

    package enum Progress: Equatable, Sendable {
        case more, complete
    }

    /// A dump ends with DONE, a single answer with its message or an error of 0.
    let isDump: Bool
    let sequence: UInt32?

    package init(isDump: Bool, sequence: UInt32? = nil) {
        self.isDump = isDump
        self.sequence = sequence
    }

    /// Reads a datagram and hands out type and body of the messages in it. What was handed out must be thrown away when this
    /// throws, also what came with datagrams before.
    package func read(
        _ datagram: RawSpan, _ body: (UInt16, RawSpan) -> Void
    ) throws(Failure) -> Progress {
        var offset = 0
        var progress = Progress.more
        while offset < datagram.byteCount {
            guard let length = datagram.uint32(at: offset).map(Int.init), let type = datagram.uint16(at: offset &+ 4),
                let flags = datagram.uint16(at: offset &+ 6), let number = datagram.uint32(at: offset &+ 8),
                length >= Netlink.headerLength,
                let content = datagram.part(
                    at: offset &+ Netlink.headerLength, count: length &- Netlink.headerLength)
            else { throw .truncated }
            offset &+= Netlink.aligned(length)
            // The answer to a question that was given up.
            if let sequence, number != sequence, number != 0 { continue }
            if flags & Netlink.interrupted != 0, isDump { throw .interrupted }
            switch type {
            case Netlink.error:
                let code = content.int32(at: 0) ?? -71  // EPROTO
                guard code == 0 else { throw .refused(code == .min ? 71 : abs(code)) }
                progress = .complete
            case Netlink.overrun: throw .overrun
            case Netlink.done:
                if let code = content.int32(at: 0), Int32.min + 1..<0 ~= code { throw .refused(-code) }
                return .complete
            case 0..<16: continue  // NLMSG_NOOP and what is reserved
            default:
                body(type, content)
                if !isDump { progress = .complete }
            }
        }
        return progress
    }
}
