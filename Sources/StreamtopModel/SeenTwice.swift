/// Packets that the capture holds more than once, counted once everywhere else.
package struct SeenTwice: Equatable, Sendable {
    package enum Kind: String, Sendable {
        /// A mirror port that copies a packet on its way in and out.
        case mirror
        /// Several interfaces of one host, each of which the packet passes.
        case hostPath = "host_path"
        /// Two points of one path, with the path between them.
        case twoPoints = "two_points"
    }

    /// Copies left out of every flow, and their bytes on the wire.
    package var packets: UInt64
    package var bytes: UInt64
    package var kind: Kind

    package init(packets: UInt64, bytes: UInt64, kind: Kind) {
        self.packets = packets
        self.bytes = bytes
        self.kind = kind
    }
}
