// Unsafe by nature: this file walks the list pcap_findalldevs returns. The proof: every pointer is followed only when it
// is not null and before pcap_freealldevs; everything kept is copied.
import CPcap
import Glibc
import StreamtopBase

/// The interfaces of this host that can be captured on.
package enum InterfaceList {
    package struct Entry: Equatable, Sendable {
        package var name: String
        package var description: String?
        package var addresses: [IPAddress] = []
        package var isUp: Bool
        package var isRunning: Bool
        package var isLoopback: Bool
        package var isWireless: Bool
    }

    /// Asks libpcap. Corresponds to pcap_findalldevs.
    package static func entries() throws(CaptureError) -> [Entry] {
        var first: UnsafeMutablePointer<pcap_if_t>?
        var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard unsafe pcap_findalldevs(&first, &text) == 0 else {
            throw CaptureError(.live, "cannot list interfaces: \(words(text))")
        }
        defer { unsafe pcap_freealldevs(first) }
        var entries: [Entry] = []
        var next = unsafe first
        while let device = unsafe next {
            let flags = unsafe Int32(bitPattern: device.pointee.flags)
            var entry = unsafe Entry(
                name: String(cString: device.pointee.name),
                description: device.pointee.description.map { unsafe String(cString: $0) },
                isUp: flags & PCAP_IF_UP != 0, isRunning: flags & PCAP_IF_RUNNING != 0,
                isLoopback: flags & PCAP_IF_LOOPBACK != 0, isWireless: flags & PCAP_IF_WIRELESS != 0)
            var address = unsafe device.pointee.addresses
            while let one = unsafe address {
                if let value = unsafe ipAddress(one.pointee.addr) { entry.addresses.append(value) }
                unsafe address = one.pointee.next
            }
            entries.append(entry)
            unsafe next = device.pointee.next
        }
        return entries
    }

    /// This host's addresses on `name`, of all interfaces for `any`.
    static func addresses(of name: String) -> [IPAddress] {
        let all = (try? entries()) ?? []
        return all.filter { name == "any" || $0.name == name }.flatMap(\.addresses)
    }

    private static func ipAddress(_ address: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
        guard let address = unsafe address else { return nil }
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe withUnsafeBytes(of: $0.pointee.sin6_addr) { bytes in
                    IPAddress(
                        high: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                        low: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
                }
            }
        default: return nil
        }
    }
}

/// The text in a C buffer, up to its zero.
func words(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
