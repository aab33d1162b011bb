/// An address and what a capture calls it.
package struct HostName: Equatable, Sendable {
    package var address: IPAddress
    package var name: String

    package init(address: IPAddress, name: String) {
        self.address = address
        self.name = name
    }
}

/// Names of hosts as the capture gives them (pcapng name resolution blocks); nobody is asked for any. Bounded: what
/// comes after the table is full is left out and counted.
package struct HostNames: Sendable {
    private var names: [IPAddress: String] = [:]
    package let capacity: Int
    /// Names left out for want of room.
    package private(set) var refused: UInt64 = 0

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package var count: Int { names.count }

    /// The first name given stays: a file lists the one it prefers first.
    package mutating func note(_ host: HostName) {
        guard names[host.address] == nil, !host.name.isEmpty else { return }
        guard names.count < capacity else {
            refused &+= 1  // one for each name in a file
            return
        }
        names[host.address] = host.name
    }

    package subscript(address: IPAddress) -> String? { names.isEmpty ? nil : names[address] }
}
