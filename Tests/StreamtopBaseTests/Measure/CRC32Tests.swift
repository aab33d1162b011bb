import StreamtopBase
import Testing

@Suite struct CRC32Tests {
    private func sum(_ text: String) -> UInt32 {
        var sum = CRC32()
        for byte in text.utf8 { sum.add(byte) }
        return sum.value
    }

    /// The check value of the algorithm's catalogues, and what follows from its definition.
    @Test func knownValues() {
        #expect(sum("123456789") == 0xcbf4_3926)
        #expect(sum("") == 0)
        #expect(sum("a") == 0xe8b7_be43)
    }
}
