import StreamtopBase

/// What a source says about itself beyond its frames. It grows while a file is read: interfaces, drops and comments are
/// written between the frames.
package struct SourceFacts: Equatable, Sendable {
    /// File names (`-` for standard input) or interface names, in the order given.
    package var names: [String] = []
    package var isLive = false
    /// `FrameRecord.interface` is an index into this list.
    package var interfaces: [InterfaceFacts] = []
    /// Time of the first frame that carries one.
    package var firstFrame: Timestamp?
    /// Comments in the file, on blocks of any kind.
    package var comments: UInt64 = 0
    /// Frames without a time of their own (pcapng simple packet blocks); they take that of the frame before.
    package var untimedFrames: UInt64 = 0
    /// Program that wrote the file, as the file says.
    package var writer: String?

    package init() {}

    /// Link types of all interfaces, each once, in order of appearance.
    package var linkTypes: [LinkType] {
        var seen: [LinkType] = []
        for interface in interfaces where !seen.contains(interface.linkType) { seen.append(interface.linkType) }
        return seen
    }

    /// The smallest snapshot length that is a limit; nil when no interface has one.
    package var snaplen: Int? { interfaces.compactMap(\.snaplen).min() }

    /// Drops named by the file or the kernel, summed over interfaces; nil when nobody counted.
    package var drops: DropCounts? {
        let counted = interfaces.compactMap(\.drops)
        guard !counted.isEmpty else { return nil }
        return counted.reduce(DropCounts()) { sum, next in
            DropCounts(
                received: sum.received.addingClamped(next.received), kernel: sum.kernel.addingClamped(next.kernel),
                interface: sum.interface.addingClamped(next.interface))
        }
    }
}

/// One capture interface as a file or the system describes it.
package struct InterfaceFacts: Equatable, Sendable {
    package var name: String?
    package var linkType: LinkType
    /// Bytes kept of a frame at most; nil where there is no limit.
    package var snaplen: Int?
    /// Bytes of frame check sequence at the end of each frame, where the file says so.
    package var fcsLength: Int?
    package var drops: DropCounts?
    /// Addresses of this host on the interface; live only.
    package var addresses: [IPAddress] = []

    package init(name: String? = nil, linkType: LinkType, snaplen: Int? = nil, fcsLength: Int? = nil) {
        self.name = name
        self.linkType = linkType
        self.snaplen = snaplen
        self.fcsLength = fcsLength
    }
}

/// Frames that were there and that we never saw.
package struct DropCounts: Equatable, Sendable {
    /// Frames that reached the capture, dropped ones not counted in every system: shown, never calculated with.
    package var received: UInt64
    /// Dropped by the kernel for want of buffer (ps_drop, isb_osdrop).
    package var kernel: UInt64
    /// Dropped by the interface or its driver (ps_ifdrop, isb_ifdrop).
    package var interface: UInt64

    package init(received: UInt64 = 0, kernel: UInt64 = 0, interface: UInt64 = 0) {
        self.received = received
        self.kernel = kernel
        self.interface = interface
    }
}

/// Secrets a capture file carries (pcapng Decryption Secrets Block).
package struct CapturedSecrets: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// NSS key log text, for TLS, DTLS and QUIC.
        case tlsKeyLog
        case other(UInt32)
    }
    package var kind: Kind
    package var bytes: [UInt8]
    /// They stand in the file before the frame with this index in the batch that was just filled.
    package var beforeFrame: Int

    package init(kind: Kind, bytes: [UInt8], beforeFrame: Int) {
        self.kind = kind
        self.bytes = bytes
        self.beforeFrame = beforeFrame
    }
}

extension UInt64 {
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
