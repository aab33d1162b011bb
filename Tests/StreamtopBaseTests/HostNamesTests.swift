import StreamtopBase
import StreamtopTestSupport
import Testing

@Suite struct HostNamesTests {
    @Test func firstNameStaysAndEmptyOnesAreNone() {
        var names = HostNames(capacity: 4)
        names.note(HostName(address: "10.0.0.1", name: ""))
        #expect(names["10.0.0.1"] == nil)
        names.note(HostName(address: "10.0.0.1", name: "a"))
        names.note(HostName(address: "10.0.0.1", name: "b"))
        #expect(names["10.0.0.1"] == "a")
        #expect(names["10.0.0.2"] == nil)
        #expect(names.count == 1)
        #expect(names.refused == 0)
    }

    @Test func whatComesAfterTheCapIsCounted() {
        var names = HostNames(capacity: 2)
        for number in 1...5 as ClosedRange<UInt32> {
            names.note(HostName(address: IPAddress(v4: number), name: "\(number)"))
        }
        #expect(names.count == 2)
        #expect(names.refused == 3)
        #expect(names[IPAddress(v4: 2)] == "2")
        #expect(names[IPAddress(v4: 3)] == nil)
    }

    @Test func addressesFromBytes() {
        #expect(IPAddress(bytes: [10, 0, 0, 1]) == "10.0.0.1")
        let six: IPAddress = "2001:db8::ff"
        #expect(IPAddress(bytes: six.bytes) == six)
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }
}
