import StreamtopBase
import StreamtopTestSupport
import Testing

@Suite("Flow key and its hash")
struct FlowKeyTests {
    private let client: Endpoint = "10.0.0.1:40000"
    private let server: Endpoint = "192.0.2.7:443"

    @Test("is the same whichever way a packet travels, and gives its parts back", arguments: [false, true])
    func bothWays(isIPv6: Bool) {
        let one: Endpoint = isIPv6 ? "[2001:db8::9]:5000" : "10.0.0.1:40000"
        let two: Endpoint = isIPv6 ? "[2001:db8::1:2]:443" : "10.0.0.0:443"
        let key = FlowKey(source: one, destination: two, transport: 17, vlan: 12, tunnel: 0x8100_0007)
        #expect(key == FlowKey(source: two, destination: one, transport: 17, vlan: 12, tunnel: 0x8100_0007))
        #expect([key.low, key.high] == (isIPv6 ? [one, two] : [two, one]))
        #expect(key.isLow(key.low))
        #expect(!key.isLow(key.high))
        #expect(key.transport == 17)
        #expect(key.vlan == 12)
        #expect(key.tunnel == 0x8100_0007)
        #expect(key.withoutEncapsulation == FlowKey(source: one, destination: two, transport: 17))
    }

    @Test("equal addresses are put in order by port")
    func samePlace() {
        let low: Endpoint = "10.0.0.1:1"
        let high: Endpoint = "10.0.0.1:2"
        let key = FlowKey(source: high, destination: low, transport: 6)
        #expect(key.low == low)
        #expect(key.high == high)
        #expect(key.isLow(low))
        #expect(!key.isLow(high))
    }

    /// Keys that differ from the first in one part each.
    private var variants: [FlowKey] {
        let mapped = IPAddress(high: 0, low: client.address.low)
        return [
            FlowKey(source: client, destination: server, transport: 6),
            FlowKey(source: client, destination: server, transport: 17),
            FlowKey(source: client, destination: server, transport: 6, vlan: 1),
            FlowKey(source: client, destination: server, transport: 6, tunnel: 1),
            FlowKey(source: "10.0.0.1:40001", destination: server, transport: 6),
            FlowKey(source: "10.0.0.2:40000", destination: server, transport: 6),
            FlowKey(source: client, destination: "192.0.2.7:444", transport: 6),
            FlowKey(source: client, destination: "192.0.2.8:443", transport: 6),
            FlowKey(source: Endpoint(address: mapped, port: 40000), destination: server, transport: 6),
            FlowKey(source: "[1::]:40000", destination: server, transport: 6),
        ]
    }

    @Test("every part counts, in comparison and hash")
    func everyPart() {
        let hash = FlowHash(seed: 0x5eed)
        for (position, key) in variants.enumerated() {
            for other in variants.dropFirst(position + 1) {
                #expect(key != other)
                #expect(hash(key) != hash(other))
            }
        }
    }

    @Test("another seed gives another hash, the same seed the same")
    func seeds() {
        let key = variants[0]
        let same = FlowHash(seed: 1)(key)
        #expect(same == FlowHash(seed: 1)(key))
        #expect(same != FlowHash(seed: 2)(key))
        #expect(FlowHash(seed: 0)(key) != 0)
    }

    /// Ports and addresses counted up, as a scan does it, are the hardest keys for a weak hash: its low bits, which choose
    /// the place in a table, would come in runs.
    @Test("keys that are counted up are spread like any others", arguments: [0, 1, 0x5eed_0146])
    func spread(seed: UInt64) {
        let hash = FlowHash(seed: seed)
        var positions = [Int](repeating: 0, count: 65_536)
        for port in UInt16.min...UInt16.max {
            let key = FlowKey(
                source: Endpoint(address: IPAddress(v4: 0x0a00_0001 &+ UInt32(port >> 8)), port: port),
                destination: server, transport: 6)
            positions[Int(hash(key) & 0xffff)] += 1
        }
        // Thrown at random, they leave 1/e of the places empty (24,109, standard deviation 80) and put 8 or 9 in the fullest.
        let empty = positions.count { $0 == 0 }
        #expect(abs(empty - 24_109) < 600)
        #expect(positions.max() ?? 0 <= 12)
    }
}
