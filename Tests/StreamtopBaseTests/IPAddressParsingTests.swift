import StreamtopBase
import Testing

@Suite struct IPAddressParsingTests {
    @Test(arguments: [
        "0.0.0.0", "10.0.3.7", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "fe80::1:2:3:4",
        "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1",
    ])
    func readsWhatItPrints(text: String) {
        #expect(IPAddress(parsing: text)?.description == text)
    }

    @Test(arguments: [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
    func readsOtherForms(text: String, canonical: String) {
        #expect(IPAddress(parsing: text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.+4", "1.2..4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "+1::", "1.2.3.4::", "host",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(IPAddress(parsing: text) == nil)
    }
}
