import Testing

@testable import StreamtopExport

extension RecordBuffer {
    /// What was written, as text.
    var text: String {
        unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

@Suite struct RecordBufferTests {
    private func written(_ write: (inout RecordBuffer) -> Void) -> String {
        // So small that every test makes it grow.
        var buffer = RecordBuffer(capacity: 1)
        write(&buffer)
        return buffer.text
    }

    /// Both sides of every power of ten, where the number of digits changes and pairs turn into single ones.
    @Test func decimalsAtEveryPowerOfTen() {
        var power: UInt64 = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power + 1, power &* 9, power &* 5 + 7] {
                #expect(written { $0.append(decimal: value) } == "\(value)")
                #expect(RecordBuffer.digitCount(value) == "\(value)".count)
            }
            power &*= 10
        }
        #expect(written { $0.append(decimal: .max) } == "18446744073709551615")
    }

    @Test func everyPairOfDigits() {
        for value in UInt64(0)..<10_000 {
            #expect(written { $0.append(decimal: value) } == "\(value)")
        }
    }

    @Test func widthsKeepZerosInFront() {
        #expect(written { $0.append(decimal: 7, width: 1) } == "7")
        #expect(written { $0.append(decimal: 7, width: 2) } == "07")
        #expect(written { $0.append(decimal: 7, width: 9) } == "000000007")
        #expect(written { $0.append(decimal: 2024, width: 4) } == "2024")
        #expect(written { $0.append(decimal: 12_345, width: 3) } == "345")
        #expect(written { $0.append(decimal: .max, width: 20) } == "18446744073709551615")
    }

    @Test(
        arguments: [
            (0, ""), (1, ".000001"), (10, ".00001"), (100, ".0001"), (1_000, ".001"), (10_000, ".01"), (100_000, ".1"),
            (999_999, ".999999"), (500_000, ".5"), (120_300, ".1203"), (909_090, ".90909"), (99, ".000099"),
        ] as [(UInt64, String)])
    func millionths(value: UInt64, text: String) {
        #expect(written { $0.append(millionths: value) } == text)
    }

    @Test func namesAndText() {
        #expect(written { $0.append(name: "a_name", withComma: false) } == "\"a_name\":")
        #expect(written { $0.append(name: "a_name", withComma: true) } == ",\"a_name\":")
        #expect(written { $0.append("é literal" as StaticString) } == "é literal")
        #expect(
            written { $0.append("a string of more than fifteen bytes" as String) }
                == "a string of more than fifteen bytes")
    }

    @Test func plainTextIsQuoted() {
        for text in ["", "x", "fifteen bytes..", "more than fifteen bytes", "日本"] {
            #expect(written { _ = $0.append(quotingPlain: text) } == "\"\(text)\"")
        }
    }

    @Test(arguments: ["\"", "a\\", "line\n", "\u{7f}", "long enough to be on the heap \u{1b}", "\u{9b}", "\u{a9}"])
    func otherTextLeavesNoTrace(text: String) {
        var buffer = RecordBuffer(capacity: 1)
        let isPlain = buffer.append(quotingPlain: text)
        #expect(!isPlain)
        #expect(buffer.text.isEmpty)
    }

    @Test func growsWithoutLosingAnything() {
        var buffer = RecordBuffer(capacity: 3)
        var expected = ""
        for value in UInt64(0)..<5_000 {
            buffer.append(decimal: value &* value)
            buffer.append(UInt8(ascii: " "))
            expected += "\(value * value) "
        }
        #expect(buffer.text == expected)
        let count = buffer.count
        #expect(count == expected.utf8.count)
        buffer.removeAll()
        #expect(buffer.text.isEmpty)
        buffer.append(UInt8(ascii: "x"))
        #expect(buffer.text == "x")
    }
}
