// 1,024 German nouns to be read aloud, ten bits each: short, friendly, without umlauts, no two of them alike to the ear
// (tests/js/wordlist.test.js). Their order is part of the protocol (consultation/PROTOCOL.md, "Three words").
export const WORDS = `
Abend Acker Adler Adresse Advent Akazie Akkord Algen Allee Alltag Almanach Almwiese Alpaka Alphorn Altstadt Ameise
Ampel Ananas Anemone Anfang Angel Anorak Antenne Antilope Antwort Apfel Apotheke Aprikose April Aquarell Arbeit Arena
Arkade Armreif Aster Atelier Atlas Aubergine Auerhahn Aufzug Augenblick August Ausblick Ausflug Auskunft Auto Auwald
Avocado Azalee Bachlauf Backofen Backstein Badehose Badekappe Badesee Badewanne Bahnhof Bahnsteig Baldachin Balkon
Ballett Balsam Bambus Banane Banjo Bank Bariton Barometer Basar Basilikum Batterie Bauer Bauklotz Baum Baustelle
Becher Beet Begleiter Begonie Beispiel Belohnung Berg Bernstein Beruf Besen Besteck Besuch Beutel Biber Bibliothek
Bildband Billard Bindfaden Birne Biskuit Bison Blattgold Blaubeere Blech Bleistift Blick Blockhaus Blume Bogen Boje
Bonbon Bordbuch Bordstein Borke Botanik Bowling Brandung Bratapfel Bratsche Brauerei Brause Brautpaar Breite Brennholz
Brezel Brief Brille Brokkoli Brombeere Bronze Brosche Brot Brunnen Buchecker Buchfink Buchsbaum Buchstabe Bucht
Bumerang Bungalow Buntstift Burgtor Busch Bussard Butter Chinakohl Dach Dahlie Damast Dampf Dattel Daune Decke Delfin
Denkmal Dialog Diamant Dienstag Dill Dirigent Distel Docht Dohle Domino Donner Dorf Drehbank Drehorgel Dreirad
Dreizack Drossel Duett Dusche Ebene Echo Echse Edelstein Efeu Eibe Eichel Eidechse Eimer Einfall Eingang Einhorn
Einkauf Einladung Eintopf Eintritt Eis Eisbahn Eisberg Eisen Eislauf Eisvogel Eiszeit Elch Elefant Elster Endivie
Entdecker Ente Entwurf Enzian Erbse Erdbeere Erdnuss Erdreich Erfolg Erholung Erle Esche Fabel Faden Fagott Fahrplan
Fahrrad Fahrstuhl Falke Faltboot Falter Familie Fanfare Farbe Farm Fasan Fassade Fassung Februar Federball Feierabend
Feile Feinkost Feldhase Feldsalat Feldweg Felsen Felswand Fenchel Fenster Ferien Fernglas Fernrohr Fernseher Fest
Feuer Fichte Figur Film Findling Fingerhut Fink Fisch Flachland Flachs Flamingo Flanell Flasche Flaum Flieder Fliege
Florist Flosse Flugblatt Flugzeug Flunder Flussbett Flut Fohlen Folie Forelle Formel Forscher Forst Foto Frage Freibad
Freiheit Freilauf Freitag Freude Freund Friseur Frohsinn Frosch Frost Frucht Fuchs Fuhrwerk Fundament Funke Gabelung
Galerie Garage Garderobe Gardine Garnele Gasthaus Gasthof Gazelle Gebirge Geburtstag Gedanke Gedicht Geduld Gefieder
Gegend Gehweg Geige Gemeinde Geranie Gerste Gesang Geschenk Geschick Gestein Getreide Gewand Gewebe Gewinn Ginster
Gipfel Giraffe Girlande Gitarre Glas Gletscher Globus Glocke Gold Gondel Gong Grafik Granit Grashalm Grenze Grill
Gruppe Gummi Gurke Gurt Gutshof Habicht Hafen Hagebuche Hahn Halbinsel Halbmond Halskette Hammer Hamster Handball
Handpuppe Handschuh Handtuch Handwagen Handwerk Harfe Harz Hasel Haus Hebel Heckenweg Heft Heide Heimat Heimspiel
Heimweg Heizung Helm Henkel Henne Herberge Herbst Hering Heu Heuboden Hibiskus Himbeere Himmel Hirsch Hirse Hochland
Hochrad Hochzeit Hocker Hof Hoffnung Hofhund Hofladen Hohlweg Holunder Holz Honig Hopfen Horizont Horn Hose Hotel
Hufeisen Humor Hut Hutnadel Idee Igel Iglu Imbiss Imker Indigo Ingenieur Ingwer Insel Jade Jahrmarkt Januar Jasmin
Juli Juwel Kabarett Kabeljau Kabine Kaffee Kaiser Kajak Kakao Kaktus Kalb Kalender Kamel Kamera Kamille Kamin Kamm
Kanal Kandis Kante Kanu Kapitel Kapuze Karamell Karawane Kardamom Karneval Karo Karpfen Kartoffel Karton Karussell
Kaschmir Kasperle Kastanie Katalog Kater Kaufladen Kaugummi Kellner Keramik Kerbel Kern Kerze Kessel Kette Kies
Kilometer Kino Kiosk Kirschbaum Kirsche Kissen Kiste Kiwi Klammer Klang Klarinette Klavier Kleid Kleinbus Klingel
Klippe Knoblauch Knolle Knopf Knospe Knoten Koch Koffer Kokosnuss Kolibri Komet Kommode Kompass Kompost Kopfsalat
Koralle Korb Koriander Kormoran Kornblume Kornfeld Kosmos Kraftwerk Kranz Krapfen Kraut Kreis Kresse Kreuzung Kristall
Krokus Krone Kruste Kuchen Kuckuck Kugel Kunst Kupfer Kutscher Labyrinth Lack Lagune Lama Lampe Lampion Land Laterne
Laub Laufrad Lavendel Lebkuchen Lehrer Leim Leine Leinwand Leiste Leiter Leopard Lerche Lesebuch Lesung Leuchter
Leuchtturm Lexikon Libelle Licht Lilie Limonade Lineal Linse Lokomotive Lorbeer Lotse Lotus Luft Lupe Magnet Magnolie
Mahagoni Mahlzeit Mai Maibaum Majoran Makkaroni Makrele Malerei Malkasten Mammut Mandarine Mandel Mandoline Mango
Mansarde Margerite Marionette Marke Markise Marmelade Marmor Marzipan Maschine Matratze Matrose Mauerwerk Maulwurf
Maurer Medaille Meerblick Meister Melisse Melodie Melone Messing Metro Mikrofon Milch Mimose Minze Mirabelle Mischwald
Mittag Mittwoch Mohn Monat Mondlicht Montag Moosbeere Moped Morchel Morgen Mosaik Motor Mulde Murmel Muschel Museum
Musik Muskat Nachbar Nacht Nadelbaum Nagel Narzisse Nashorn Natur Nelke Netz Neujahr Neumond Nilpferd Norden Nordlicht
Nordsee Nordwind Nougat November Nudel Nuss Oase Obst Ofenbank Ofenrohr Ohrring Oktave Oktober Oleander Olive Optiker
Orchester Oregano Orgel Osten Ostsee Ostwind Otter Paar Palast Palme Panda Panorama Papagei Papier Paprika Parade
Paradies Parkbank Parkett Partner Pauke Pavillon Pedal Pelikan Perlmutt Petersilie Pfanne Pfau Pfeffer Pfeife Pfeil
Pferd Pfirsich Pflanze Pflaume Pflege Pflug Pforte Pfosten Piano Picknick Pilot Pilz Pinguin Pinie Pinnwand Pistazie
Pizza Planet Planke Platz Pokal Porzellan Posaune Postamt Postbote Postbus Poster Postkarte Pracht Praline Primel
Prinz Propeller Pudding Pulver Punkt Puzzle Pyramide Qualle Quarz Quirl Quitte Radio Radweg Ranke Raps Rapunzel Rasen
Raspel Rathaus Raupe Rebhuhn Rebstock Regal Regatta Regen Reh Rehkitz Reif Reisbrei Reise Rennrad Rentier Rettich
Rhabarber Riemen Rinne Ritter Robbe Robinie Rohr Roller Roman Rosine Rosmarin Rotbuche Rotkohl Rotwild Rubin Rucksack
Ruhe Runde Rundgang Rundweg Rutsche Sachbuch Safran Saft Sahne Saison Salami Salat Salbei Salz Samen Samstag Sandale
Sandbank Sandburg Sanddorn Sauna Schaf Schalmei Schaufel Schere Schiefer Schilf Schinken Schirm Schlauch Schlehe
Schleier Schleife Schleuse Schlitten Schloss Schlucht Schmied Schmuck Schnalle Schnecke Schnee Schnur Schober
Schokolade Schote Schrank Schrift Schubkarre Schuh Schulbus Schule Schulhof Schuster Schwalbe Schwan Schwarm Schwung
Seeadler Seebrise Seegras Seehund Seeigel Seemann Seepferd Seerose Seestern Segelboot Sellerie Semmel Senf September
Sesam Sieb Siedlung Silbe Sinfonie Sirup Skischuh Socke Sofa Sommer Sonnenuhr Spargel Spaten Spatz Specht Speiche
Sperling Spiegel Spiel Spinat Spitze Sport Sprache Stadion Stadtplan Stadttor Standuhr Stange Staunen Steg Stehlampe
Stein Stempel Sternbild Stiefel Stift Stimme Storch Strahl Strand Strauch Streifen Strickzeug Strohdach Strohhut Strom
Strudel Strumpf Stube Studio Stuhl Stunde Suche Tagebuch Tagtraum Takt Talent Tamburin Tannenbaum Tanz Tapete Taucher
Taxi Teekanne Teig Telefon Teleskop Teller Tennis Teppich Terrasse Textil Theater Thermik Thunfisch Thymian Tierpark
Tiger Tinte Tomate Tombola Tonleiter Topas Torbogen Torte Traktor Traum Treppe Tresen Tretboot Treue Trichter Trick
Trikot Trommler Trompete Tropen Truthahn Tugend Tulpe Tundra Turm Turnier Ufer Uhr Ukulele Ulme Umhang Umkreis
Umschlag Urlaub Urwald Vanille Veilchen Veranda Viereck Violine Vogel Vollmond Vorgarten Vorhang Vulkan Wabe Wachs
Wachtel Waffel Wagen Wald Walnuss Walross Walzer Wandbild Wanderung Wanduhr Wasser Webstuhl Wechsel Wecker Weg
Wegweiser Weiher Weinberg Weinlaub Weizen Weltall Weste Westwind Wettlauf Wicke Wiesel Wildbach Wildente Wildnis
Wildpark Wildrose Wimpel Wind Winkel Wirsing Woche Wohnung Wohnwagen Wolf Wolke Wort Wunder Wurzel Zacke Zahl Zander
Zapfen Zaun Zebra Zeder Zeichen Zeisig Zeitlupe Zeitung Zelt Ziegelei Ziergras Zimmer Zimt Zinn Zirkel Zirkus Zitrone
Zollstock Zoo Zucchini Zucker Zug Zugvogel Zukunft Zweig Zweirad Zwieback Zwiebel Zwilling Zylinder
`.trim().split(/\s+/);
