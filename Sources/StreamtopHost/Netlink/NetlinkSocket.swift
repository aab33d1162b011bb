// Unsafe by nature: this file lends buffers to socket calls. The proof: each buffer is a local or a stored array that
// outlives the call, lent with its own count; the descriptor is open from init to deinit.
import Glibc

/// A question and answer socket to the kernel. Stays in the network namespace it was opened in. One thread at a time.
@safe
package final class NetlinkSocket {
    package enum Family: Int32 {
        case route = 0
        case socketDiagnosis = 4
        case netfilter = 12
        case generic = 16
    }

    private let descriptor: Int32
    private var sequence: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: 1 << 17)
    /// Questions asked again, and those given up.
    private(set) var repeated: UInt64 = 0
    private(set) var failed: UInt64 = 0

    /// Times that a question is asked before it is given up until the next reading.
    private static let attempts = 3
    /// AF_NETLINK.
    private static let addressFamily: Int32 = 16
    /// A dump of a hundred thousand sockets comes as fast as it is read; the kernel waits for room.
    private static let receiveBuffer: Int32 = 1 << 20
    /// The kernel answers at once; a driver may hold its lock for a while.
    private static let patience = timeval(tv_sec: 0, tv_usec: 500_000)

    /// nil when the kernel gives none, with errno.
    package init?(_ family: Family) {
        let opened = socket(
            Self.addressFamily, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), family.rawValue)
        guard opened >= 0 else { return nil }
        descriptor = opened
        var size = Self.receiveBuffer
        _ = unsafe setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var wait = Self.patience
        _ = unsafe setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Asks and hands each message of the answer to `make`; what it returns is kept only when the answer came whole. `restart`
    /// is called before the question is asked again: what `make` has put aside itself is then worth nothing.
    package func ask<Value>(
        type: UInt16, isDump: Bool, _ body: [UInt8], restart: () -> Void = {},
        _ make: (UInt16, RawSpan) -> Value?
    ) throws(NetlinkAnswer.Failure) -> [Value] {
        var last = NetlinkAnswer.Failure.truncated
        for attempt in 0..<Self.attempts {
            if attempt > 0 {
                repeated &+= 1
                restart()
            }
            do throws(NetlinkAnswer.Failure) {
                return try askOnce(type: type, isDump: isDump, body, make)
            } catch {
                last = error
                guard error.isTransient else { break }
            }
        }
        if last.isTransient { failed &+= 1 }
        throw last
    }

    private func askOnce<Value>(
        type: UInt16, isDump: Bool, _ body: [UInt8], _ make: (UInt16, RawSpan) -> Value?
    ) throws(NetlinkAnswer.Failure) -> [Value] {
        sequence &+= 1
        if sequence == 0 { sequence = 1 }
        let flags = Netlink.request | (isDump ? Netlink.dump : 0)
        let request = Netlink.message(type: type, flags: flags, sequence: sequence, body)
        guard unsafe send(descriptor, request, request.count, 0) == request.count else { throw .refused(errno) }
        let answer = NetlinkAnswer(isDump: isDump, sequence: sequence)
        // Out of the object and back, so that its bytes can be lent without a copy.
        var buffer: [UInt8] = []
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        var values: [Value] = []
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_TRUNC))
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .refused(errno)
            }
            guard count > 0, count <= buffer.count else { throw .truncated }
            let span = buffer.span
            let bytes = unsafe span.bytes
            let progress = try answer.read(bytes.extracting(0..<count)) { type, content in
                if let value = make(type, content) { values.append(value) }
            }
            if progress == .complete { return values }
        }
    }
}
