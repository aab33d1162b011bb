/// An address and a port: one end of a flow. Port 0 where the transport has none.
package struct Endpoint: Hashable, Sendable {
    package var address: IPAddress
    package var port: UInt16

    @inlinable
    @inline(__always)
    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// No address and no port.
    @inlinable
    package static var unspecified: Endpoint { Endpoint(address: .unspecified, port: 0) }

    @inlinable
    @inline(__always)
    package static func == (left: Endpoint, right: Endpoint) -> Bool {
        left.port == right.port && left.address == right.address
    }

    @inlinable
    @inline(__always)
    package static func != (left: Endpoint, right: Endpoint) -> Bool { !(left == right) }
}

extension Endpoint: CustomStringConvertible {
    /// `10.0.0.1:443`, `[2001:db8::1]:443`.
    package var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
